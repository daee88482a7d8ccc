"""How the fast path of a call makes the result, as LLVM text: `@build`, the second program of `calling.py`.

`at` points to the next word of the program, `from` to the next number; null says that Python raised an error.
"""

BUILD = """
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
  %t.none = icmp eq i8* %new.tuple, null
  br i1 %t.none, label %nothing, label %t.loop
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
  %l.none = icmp eq i8* %new.list, null
  br i1 %l.none, label %nothing, label %l.loop
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
  %d.none = icmp eq i8* %new.dict, null
  br i1 %d.none, label %nothing, label %d.loop
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
  %d.failed = call i32 @PyDict_SetItem(i8* %new.dict, i8* %key, i8* %d.item)
  call void @Py_DecRef(i8* %d.item)
  %m.next = add i64 %m, 1
  %d.unset = icmp ne i32 %d.failed, 0
  br i1 %d.unset, label %failed, label %d.loop
d.done:
  ret i8* %new.dict
array:
  %fresh = call i8* @object(i64** %at)
  %a.k = call i64 @word(i64** %at)
  %new.array = call i8* @PyObject_CallNoArgs(i8* %fresh)
  %a.bad = icmp eq i8* %new.array, null
  br i1 %a.bad, label %nothing, label %a.view
a.view:
  %a.refused = call i32 @PyObject_GetBuffer(i8* %new.array, %view* %view, i32 1)
  %a.closed = icmp ne i32 %a.refused, 0
  br i1 %a.closed, label %failed, label %a.open
a.open:
  %elements.at = getelementptr %view, %view* %view, i64 0, i32 0
  %elements = load double*, double** %elements.at
  br label %a.loop
a.loop:
  %a = phi i64 [ 0, %a.open ], [ %a.next, %a.body ]
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
  %partial = phi i8* [ %new.tuple, %t.body ], [ %new.list, %l.body ], [ %new.dict, %d.body ], [ %new.dict, %d.put ],
               [ %new.array, %a.view ]
  call void @Py_DecRef(i8* %partial)
  br label %nothing
nothing:
  ret i8* null
}
"""
