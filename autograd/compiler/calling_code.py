"""The fast path of a call as LLVM text: `read` takes arguments apart, `build` makes results, `call` is the builtin.

The words that the two programs consist of, and those about a function that `call` is given, are listed in `calling.py`,
in the order in which they are read here.
"""

CODE = """
%view = type { double*, i8*, i64, i64, i32, i32, i8*, i64*, i64*, i64*, i8* }

declare i8* @PyLong_AsVoidPtr(i8*)
declare double @PyFloat_AsDouble(i8*)
declare i8* @PyFloat_FromDouble(double)
declare i64 @PyList_Size(i8*)
declare i8* @PyList_GetItem(i8*, i64)
declare i8* @PyList_GetSlice(i8*, i64, i64)
declare i32 @PyList_SetItem(i8*, i64, i8*)
declare i8* @PyObject_GetAttr(i8*, i8*)
declare i64 @PyTuple_Size(i8*)
declare i8* @PyTuple_GetItem(i8*, i64)
declare i8* @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(i8*, i64, i8*)
declare i8* @PyDict_Copy(i8*)
declare i32 @PyDict_SetItem(i8*, i8*, i8*)
declare i8* @PyDict_GetItem(i8*, i8*)
declare i64 @PyDict_Size(i8*)
declare i8* @PyCell_Get(i8*)
declare void @Py_IncRef(i8*)
declare void @Py_DecRef(i8*)
declare i8* @PyObject_Vectorcall(i8*, i8**, i64, i8*)
declare i8* @PyObject_CallNoArgs(i8*)
declare i8* @PyObject_CallOneArg(i8*, i8*)
declare i32 @PyObject_GetBuffer(i8*, %view*, i32)
declare void @PyBuffer_Release(%view*)
declare void @PyErr_Clear()
declare i8* @PyMem_RawMalloc(i64)
declare void @PyMem_RawFree(i8*)

define internal i64 @word(i64** %at) {
  %pc = load i64*, i64** %at
  %next = getelementptr i64, i64* %pc, i64 1
  store i64* %next, i64** %at
  %word = load i64, i64* %pc
  ret i64 %word
}

define internal i8* @object(i64** %at) {
  %word = call i64 @word(i64** %at)
  %object = inttoptr i64 %word to i8*
  ret i8* %object
}

define internal void @copy(double* %to, double* %from, i64 %count) {
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %i.next, %body ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %body, label %done
body:
  %source = getelementptr double, double* %from, i64 %i
  %target = getelementptr double, double* %to, i64 %i
  %number = load double, double* %source
  store double %number, double* %target
  %i.next = add i64 %i, 1
  br label %loop
done:
  ret void
}

define internal i1 @read.array(i8* %x, i64 %ndim, i64** %at, double** %out) {
  %view = alloca %view
  %asked = call i32 @PyObject_GetBuffer(i8* %x, %view* %view, i32 60)
  %refused = icmp ne i32 %asked, 0
  br i1 %refused, label %not.contiguous, label %viewed
not.contiguous:
  call void @PyErr_Clear()
  ret i1 false
viewed:
  %numbers.at = getelementptr %view, %view* %view, i64 0, i32 0
  %numbers = load double*, double** %numbers.at
  %bytes.at = getelementptr %view, %view* %view, i64 0, i32 2
  %bytes = load i64, i64* %bytes.at
  %dims.at = getelementptr %view, %view* %view, i64 0, i32 5
  %dims.found = load i32, i32* %dims.at
  %format.at = getelementptr %view, %view* %view, i64 0, i32 6
  %format = load i8*, i8** %format.at
  %shape.at = getelementptr %view, %view* %view, i64 0, i32 7
  %shape = load i64*, i64** %shape.at
  %letters = bitcast i8* %format to i16*
  %letter = load i16, i16* %letters, align 1
  %is.double = icmp eq i16 %letter, 100
  %dims = sext i32 %dims.found to i64
  %same.dims = icmp eq i64 %dims, %ndim
  %fits = and i1 %is.double, %same.dims
  br i1 %fits, label %loop, label %other
loop:
  %i = phi i64 [ 0, %viewed ], [ %i.next, %dim ]
  %more = icmp slt i64 %i, %ndim
  br i1 %more, label %dim, label %take
dim:
  %wanted = call i64 @word(i64** %at)
  %size.at = getelementptr i64, i64* %shape, i64 %i
  %size = load i64, i64* %size.at
  %i.next = add i64 %i, 1
  %same = icmp eq i64 %size, %wanted
  br i1 %same, label %loop, label %other
take:
  %place = load double*, double** %out
  %count = sdiv i64 %bytes, 8
  call void @copy(double* %place, double* %numbers, i64 %count)
  %after = getelementptr double, double* %place, i64 %count
  store double* %after, double** %out
  call void @PyBuffer_Release(%view* %view)
  ret i1 true
other:
  call void @PyBuffer_Release(%view* %view)
  ret i1 false
}

define internal i1 @read(i8* %x, i64** %at, double** %out, i64* %types) {
  %code = call i64 @word(i64** %at)
  %n = call i64 @word(i64** %at)
  %offset = load i64, i64* %types
  %type.at = getelementptr i8, i8* %x, i64 %offset
  %type.word = bitcast i8* %type.at to i64*
  %type = load i64, i64* %type.word
  %index = add i64 %code, 1
  %wanted.at = getelementptr i64, i64* %types, i64 %index
  %wanted = load i64, i64* %wanted.at
  %fits = icmp eq i64 %type, %wanted
  br i1 %fits, label %known, label %no
known:
  switch i64 %code, label %tuple [ i64 0, label %float
                                   i64 1, label %list
                                   i64 3, label %value
                                   i64 4, label %array ]
array:
  %array.fits = call i1 @read.array(i8* %x, i64 %n, i64** %at, double** %out)
  ret i1 %array.fits
value:
  %name.at = getelementptr i64, i64* %types, i64 6
  %name.word = load i64, i64* %name.at
  %name = inttoptr i64 %name.word to i8*
  %data = call i8* @PyObject_GetAttr(i8* %x, i8* %name)
  %data.at = getelementptr i8, i8* %data, i64 %offset
  %data.word = bitcast i8* %data.at to i64*
  %data.type = load i64, i64* %data.word
  %float.at = getelementptr i64, i64* %types, i64 1
  %float.type = load i64, i64* %float.at
  %is.float = icmp eq i64 %data.type, %float.type
  %held = call double @PyFloat_AsDouble(i8* %data)
  call void @Py_DecRef(i8* %data)
  %slot = load double*, double** %out
  store double %held, double* %slot
  %slot.next = getelementptr double, double* %slot, i64 1
  store double* %slot.next, double** %out
  ret i1 %is.float
float:
  %number = call double @PyFloat_AsDouble(i8* %x)
  %place = load double*, double** %out
  store double %number, double* %place
  %after = getelementptr double, double* %place, i64 1
  store double* %after, double** %out
  ret i1 true
list:
  %list.size = call i64 @PyList_Size(i8* %x)
  %list.fits = icmp eq i64 %list.size, %n
  br i1 %list.fits, label %loop, label %no
tuple:
  %tuple.size = call i64 @PyTuple_Size(i8* %x)
  %tuple.fits = icmp eq i64 %tuple.size, %n
  br i1 %tuple.fits, label %loop, label %no
loop:
  %i = phi i64 [ 0, %list ], [ 0, %tuple ], [ %i.next, %body ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %item, label %yes
item:
  %is.list = icmp eq i64 %code, 1
  br i1 %is.list, label %of.list, label %of.tuple
of.list:
  %a = call i8* @PyList_GetItem(i8* %x, i64 %i)
  br label %body
of.tuple:
  %b = call i8* @PyTuple_GetItem(i8* %x, i64 %i)
  br label %body
body:
  %part = phi i8* [ %a, %of.list ], [ %b, %of.tuple ]
  %good = call i1 @read(i8* %part, i64** %at, double** %out, i64* %types)
  %i.next = add i64 %i, 1
  br i1 %good, label %loop, label %no
yes:
  ret i1 true
no:
  ret i1 false
}

define internal i8* @build(i64** %at, double** %from) {
entry:
  %view = alloca %view
  %code = call i64 @word(i64** %at)
  switch i64 %code, label %number [ i64 1, label %object
                                    i64 2, label %tuple
                                    i64 3, label %list
                                    i64 4, label %dict
                                    i64 5, label %array
                                    i64 6, label %made ]
number:
  %place = load double*, double** %from
  %x = load double, double* %place
  %after = getelementptr double, double* %place, i64 1
  store double* %after, double** %from
  %float = call i8* @PyFloat_FromDouble(double %x)
  ret i8* %float
object:
  %known = call i8* @object(i64** %at)
  call void @Py_IncRef(i8* %known)
  ret i8* %known
tuple:
  %n = call i64 @word(i64** %at)
  %new.tuple = call i8* @PyTuple_New(i64 %n)
  br label %t.loop
t.loop:
  %i = phi i64 [ 0, %tuple ], [ %i.next, %t.body ]
  %t.more = icmp slt i64 %i, %n
  br i1 %t.more, label %t.body, label %t.done
t.body:
  %t.item = call i8* @build(i64** %at, double** %from)
  call i32 @PyTuple_SetItem(i8* %new.tuple, i64 %i, i8* %t.item)
  %i.next = add i64 %i, 1
  %t.bad = icmp eq i8* %t.item, null
  br i1 %t.bad, label %failed, label %t.loop
t.done:
  ret i8* %new.tuple
list:
  %list.like = call i8* @object(i64** %at)
  %size = call i64 @word(i64** %at)
  %k = call i64 @word(i64** %at)
  %new.list = call i8* @PyList_GetSlice(i8* %list.like, i64 0, i64 %size)
  br label %l.loop
l.loop:
  %j = phi i64 [ 0, %list ], [ %j.next, %l.body ]
  %l.more = icmp slt i64 %j, %k
  br i1 %l.more, label %l.body, label %l.done
l.body:
  %index = call i64 @word(i64** %at)
  %l.item = call i8* @build(i64** %at, double** %from)
  call i32 @PyList_SetItem(i8* %new.list, i64 %index, i8* %l.item)
  %j.next = add i64 %j, 1
  %l.bad = icmp eq i8* %l.item, null
  br i1 %l.bad, label %failed, label %l.loop
l.done:
  ret i8* %new.list
dict:
  %dict.like = call i8* @object(i64** %at)
  %d.k = call i64 @word(i64** %at)
  %new.dict = call i8* @PyDict_Copy(i8* %dict.like)
  br label %d.loop
d.loop:
  %m = phi i64 [ 0, %dict ], [ %m.next, %d.put ]
  %d.more = icmp slt i64 %m, %d.k
  br i1 %d.more, label %d.body, label %d.done
d.body:
  %key = call i8* @object(i64** %at)
  %d.item = call i8* @build(i64** %at, double** %from)
  %d.bad = icmp eq i8* %d.item, null
  br i1 %d.bad, label %failed, label %d.put
d.put:
  call i32 @PyDict_SetItem(i8* %new.dict, i8* %key, i8* %d.item)
  call void @Py_DecRef(i8* %d.item)
  %m.next = add i64 %m, 1
  br label %d.loop
d.done:
  ret i8* %new.dict
array:
  %fresh = call i8* @object(i64** %at)
  %a.k = call i64 @word(i64** %at)
  %new.array = call i8* @PyObject_CallNoArgs(i8* %fresh)
  %a.bad = icmp eq i8* %new.array, null
  br i1 %a.bad, label %nothing, label %a.view
a.view:
  call i32 @PyObject_GetBuffer(i8* %new.array, %view* %view, i32 1)
  %elements.at = getelementptr %view, %view* %view, i64 0, i32 0
  %elements = load double*, double** %elements.at
  br label %a.loop
a.loop:
  %a = phi i64 [ 0, %a.view ], [ %a.next, %a.body ]
  %a.more = icmp slt i64 %a, %a.k
  br i1 %a.more, label %a.body, label %a.done
a.body:
  %a.index = call i64 @word(i64** %at)
  %a.from = load double*, double** %from
  %a.number = load double, double* %a.from
  %a.after = getelementptr double, double* %a.from, i64 1
  store double* %a.after, double** %from
  %element = getelementptr double, double* %elements, i64 %a.index
  store double %a.number, double* %element
  %a.next = add i64 %a, 1
  br label %a.loop
a.done:
  call void @PyBuffer_Release(%view* %view)
  ret i8* %new.array
made:
  %maker = call i8* @object(i64** %at)
  %part = call i8* @build(i64** %at, double** %from)
  %m.bad = icmp eq i8* %part, null
  br i1 %m.bad, label %nothing, label %make
make:
  %new.thing = call i8* @PyObject_CallOneArg(i8* %maker, i8* %part)
  call void @Py_DecRef(i8* %part)
  ret i8* %new.thing
failed:
  %partial = phi i8* [ %new.tuple, %t.body ], [ %new.list, %l.body ], [ %new.dict, %d.body ]
  call void @Py_DecRef(i8* %partial)
  br label %nothing
nothing:
  ret i8* null
}

define internal i1 @unmoved(i64* %places, i64 %count) {
entry:
  %at = alloca i64*
  store i64* %places, i64** %at
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %compare ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %place, label %yes
place:
  %kind = call i64 @word(i64** %at)
  %container = call i8* @object(i64** %at)
  %key = call i64 @word(i64** %at)
  %expected = call i64 @word(i64** %at)
  switch i64 %kind, label %cell [ i64 1, label %dict
                                  i64 2, label %length
                                  i64 3, label %item
                                  i64 4, label %count.keys ]
cell:
  %held = call i8* @PyCell_Get(i8* %container)
  %empty = icmp eq i8* %held, null
  br i1 %empty, label %no, label %full
full:
  call void @Py_DecRef(i8* %held)
  %of.cell = ptrtoint i8* %held to i64
  br label %compare
dict:
  %name = inttoptr i64 %key to i8*
  %named = call i8* @PyDict_GetItem(i8* %container, i8* %name)
  %of.dict = ptrtoint i8* %named to i64
  br label %compare
length:
  %size = call i64 @PyList_Size(i8* %container)
  br label %compare
count.keys:
  %keys = call i64 @PyDict_Size(i8* %container)
  br label %compare
item:
  %part = call i8* @PyList_GetItem(i8* %container, i64 %key)
  %of.list = ptrtoint i8* %part to i64
  br label %compare
compare:
  %found = phi i64 [ %of.cell, %full ], [ %of.dict, %dict ], [ %size, %length ], [ %of.list, %item ],
               [ %keys, %count.keys ]
  %same = icmp eq i64 %found, %expected
  %i.next = add i64 %i, 1
  br i1 %same, label %loop, label %no
yes:
  ret i1 true
no:
  ret i1 false
}

define i8* @call(i8* %self, i8** %args, i64 %count) {
  %about.at = call i8* @PyLong_AsVoidPtr(i8* %self)
  %about = bitcast i8* %about.at to i64*
  %at = alloca i64*
  %cursor = alloca double*
  store i64* %about, i64** %at
  %reads.word = call i64 @word(i64** %at)
  %builds.word = call i64 @word(i64** %at)
  %point.word = call i64 @word(i64** %at)
  %ins = call i64 @word(i64** %at)
  %outs = call i64 @word(i64** %at)
  %bytes = call i64 @word(i64** %at)
  %otherwise = call i8* @object(i64** %at)
  %expected = call i64 @word(i64** %at)
  %program.word = call i64 @word(i64** %at)
  %program = inttoptr i64 %program.word to i64*
  %live = call i64 @word(i64** %at)
  %places.word = call i64 @word(i64** %at)
  %places = call i64 @word(i64** %at)
  %types = load i64*, i64** %at
  %places.at = inttoptr i64 %places.word to i64*
  %memory = call i8* @PyMem_RawMalloc(i64 %bytes)
  %in = bitcast i8* %memory to double*
  %out = getelementptr double, double* %in, i64 %ins
  %work = getelementptr double, double* %out, i64 %outs
  %reads = inttoptr i64 %reads.word to i64*
  store i64* %reads, i64** %at
  store double* %in, double** %cursor
  %counted = icmp eq i64 %count, %expected
  br i1 %counted, label %look, label %slow
look:
  %unmoved = call i1 @unmoved(i64* %places.at, i64 %places)
  br i1 %unmoved, label %loop, label %slow
loop:
  %i = phi i64 [ 0, %look ], [ %i.next, %body ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %body, label %others
body:
  %arg.at = getelementptr i8*, i8** %args, i64 %i
  %arg = load i8*, i8** %arg.at
  %good = call i1 @read(i8* %arg, i64** %at, double** %cursor, i64* %types)
  %i.next = add i64 %i, 1
  br i1 %good, label %loop, label %slow
others:
  %j = phi i64 [ 0, %loop ], [ %j.next, %other ]
  %j.more = icmp slt i64 %j, %live
  br i1 %j.more, label %other, label %run
other:
  %words = load i64*, i64** %at
  %value.at = getelementptr i64, i64* %words, i64 1
  %value.word = load i64, i64* %value.at
  %value = inttoptr i64 %value.word to i8*
  %j.good = call i1 @read(i8* %value, i64** %at, double** %cursor, i64* %types)
  %j.next = add i64 %j, 1
  br i1 %j.good, label %others, label %slow
run:
  %point = inttoptr i64 %point.word to void (double*, double*, double*, i64*)*
  call void %point(double* %in, double* %out, double* %work, i64* %program)
  %last = sub i64 %outs, 1
  %verdict.at = getelementptr double, double* %out, i64 %last
  %verdict = load double, double* %verdict.at
  %held = fcmp oeq double %verdict, 1.0
  br i1 %held, label %finish, label %slow
finish:
  %builds = inttoptr i64 %builds.word to i64*
  store i64* %builds, i64** %at
  store double* %out, double** %cursor
  %result = call i8* @build(i64** %at, double** %cursor)
  call void @PyMem_RawFree(i8* %memory)
  ret i8* %result
slow:
  call void @PyMem_RawFree(i8* %memory)
  %answer = call i8* @PyObject_Vectorcall(i8* %otherwise, i8** %args, i64 %count, i8* null)
  ret i8* %answer
}
"""
