"""How the fast path of a call looks whether everything is where it was, as LLVM text: `@unmoved`.

The words about a place are listed in `places.py`. ITEMS is how far into a list the address of its items stands.
"""

UNMOVED = """
define internal i1 @same.bytes(i8* %x, i8* %y, i64 %count) {
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %i.next, %body ]
  %differ = phi i8 [ 0, %0 ], [ %differ.next, %body ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %body, label %done
body:
  %x.at = getelementptr i8, i8* %x, i64 %i
  %y.at = getelementptr i8, i8* %y, i64 %i
  %x.byte = load i8, i8* %x.at
  %y.byte = load i8, i8* %y.at
  %bits = xor i8 %x.byte, %y.byte
  %differ.next = or i8 %differ, %bits
  %i.next = add i64 %i, 1
  br label %loop
done:
  %same = icmp eq i8 %differ, 0
  ret i1 %same
}

define internal i1 @same.list(i8* %list, i8* %items, i64 %count) {
  %size = call i64 @PyList_Size(i8* %list)
  %as.long = icmp eq i64 %size, %count
  br i1 %as.long, label %compare, label %no
compare:
  %place = getelementptr i8, i8* %list, i64 ITEMS
  %place.of.items = bitcast i8* %place to i8**
  %held = load i8*, i8** %place.of.items
  %bytes = mul i64 %count, 8
  %same = call i1 @same.bytes(i8* %held, i8* %items, i64 %bytes)
  ret i1 %same
no:
  ret i1 false
}

define internal i1 @same.dict(i8* %dict, i8* %pairs, i64 %count) {
  %cursor = alloca i64
  %key.at = alloca i64
  %value.at = alloca i64
  %at = alloca i64*
  %words = bitcast i8* %pairs to i64*
  store i64* %words, i64** %at
  store i64 0, i64* %cursor
  %size = call i64 @PyDict_Size(i8* %dict)
  %as.long = icmp eq i64 %size, %count
  br i1 %as.long, label %next, label %no
next:
  %more = call i32 @PyDict_Next(i8* %dict, i64* %cursor, i64* %key.at, i64* %value.at)
  %end = icmp eq i32 %more, 0
  br i1 %end, label %yes, label %pair
pair:
  %key = load i64, i64* %key.at
  %value = load i64, i64* %value.at
  %key.expected = call i64 @word(i64** %at)
  %value.expected = call i64 @word(i64** %at)
  %same.key = icmp eq i64 %key, %key.expected
  %same.value = icmp eq i64 %value, %value.expected
  %same = and i1 %same.key, %same.value
  br i1 %same, label %next, label %no
yes:
  ret i1 true
no:
  ret i1 false
}

define internal i1 @same.array(i8* %array, i8* %numbers, i64 %count) {
  %view = alloca %view
  %asked = call i32 @PyObject_GetBuffer(i8* %array, %view* %view, i32 0)
  %refused = icmp ne i32 %asked, 0
  br i1 %refused, label %no, label %viewed
no:
  call void @PyErr_Clear()
  ret i1 false
viewed:
  %place = bitcast %view* %view to i8**
  %held = load i8*, i8** %place
  %bytes.at = getelementptr %view, %view* %view, i64 0, i32 2
  %bytes = load i64, i64* %bytes.at
  %as.long = icmp eq i64 %bytes, %count
  %length = select i1 %as.long, i64 %count, i64 0
  %same = call i1 @same.bytes(i8* %held, i8* %numbers, i64 %length)
  call void @PyBuffer_Release(%view* %view)
  %both = and i1 %same, %as.long
  ret i1 %both
}

define zeroext i1 @unmoved(i64* %places, i64 %count) {
entry:
  %at = alloca i64*
  store i64* %places, i64** %at
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %checked ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %place, label %yes
place:
  %kind = call i64 @word(i64** %at)
  %container = call i8* @object(i64** %at)
  %name = call i8* @object(i64** %at)
  %expected = call i64 @word(i64** %at)
  switch i64 %kind, label %cell [ i64 1, label %dict
                                  i64 2, label %items
                                  i64 3, label %field
                                  i64 4, label %pairs
                                  i64 5, label %slot
                                  i64 6, label %array ]
items:
  %same.list = call i1 @same.list(i8* %container, i8* %name, i64 %expected)
  br label %checked
pairs:
  %same.dict = call i1 @same.dict(i8* %container, i8* %name, i64 %expected)
  br label %checked
array:
  %same.array = call i1 @same.array(i8* %container, i8* %name, i64 %expected)
  br label %checked
dict:
  %named = call i8* @PyDict_GetItem(i8* %container, i8* %name)
  br label %compare
cell:
  %in.cell = call i8* @PyCell_Get(i8* %container)
  br label %own
field:
  %field.at = bitcast i8* %container to i8**
  %in.field = load i8*, i8** %field.at
  br label %compare
slot:
  %in.slot = call i8* @PyObject_GetAttr(i8* %container, i8* %name)
  br label %own
own:
  %held = phi i8* [ %in.cell, %cell ], [ %in.slot, %slot ]
  %empty = icmp eq i8* %held, null
  br i1 %empty, label %nothing, label %something
nothing:
  call void @PyErr_Clear()
  br label %compare
something:
  call void @Py_DecRef(i8* %held)
  br label %compare
compare:
  %found = phi i8* [ %named, %dict ], [ %in.field, %field ], [ null, %nothing ], [ %held, %something ]
  %found.word = ptrtoint i8* %found to i64
  %same.thing = icmp eq i64 %found.word, %expected
  br label %checked
checked:
  %same = phi i1 [ %same.list, %items ], [ %same.dict, %pairs ], [ %same.array, %array ], [ %same.thing, %compare ]
  %i.next = add i64 %i, 1
  br i1 %same, label %loop, label %no
yes:
  ret i1 true
no:
  ret i1 false
}
""".replace("ITEMS", str(tuple.__basicsize__))  # a list's own fields follow those it shares with a tuple
