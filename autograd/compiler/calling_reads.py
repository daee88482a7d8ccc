"""How the fast path of a call takes an argument apart, as LLVM text: `@read`, the first program of `calling.py`.

`at` points to the next word of the program, `out` to where the next number goes; false says that the argument is not of
the expected shape. `types`: where in an object its type stands, then the types that the words stand for.
"""

READ = """
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
  %nothing = icmp eq i8* %data, null
  br i1 %nothing, label %deleted, label %something
deleted:
  call void @PyErr_Clear()
  ret i1 false
something:
  %data.at = getelementptr i8, i8* %data, i64 %offset
  %data.word = bitcast i8* %data.at to i64*
  %data.type = load i64, i64* %data.word
  %float.at = getelementptr i64, i64* %types, i64 1
  %float.type = load i64, i64* %float.at
  %is.float = icmp eq i64 %data.type, %float.type
  br i1 %is.float, label %take, label %not.float
not.float:
  call void @Py_DecRef(i8* %data)
  ret i1 false
take:
  %held = call double @PyFloat_AsDouble(i8* %data)
  call void @Py_DecRef(i8* %data)
  %slot = load double*, double** %out
  store double %held, double* %slot
  %slot.next = getelementptr double, double* %slot, i64 1
  store double* %slot.next, double** %out
  ret i1 true
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
"""
