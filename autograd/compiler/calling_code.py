"""The fast path of a call as LLVM text: `call` is the builtin, which reads, runs and builds.

The words about a function that `call` is given are listed in `calling.py`, in the order in which they are read here.
"""

from autograd.compiler.calling_builds import BUILD
from autograd.compiler.calling_places import UNMOVED
from autograd.compiler.calling_reads import READ

# Python's C interface, and what `read`, `build` and `call` have in common.
COMMON = """
%view = type { double*, i8*, i64, i64, i32, i32, i8*, i64*, i64*, i64*, i8* }

declare i8* @PyLong_AsVoidPtr(i8*)
declare double @PyFloat_AsDouble(i8*)
declare i8* @PyFloat_FromDouble(double)
declare i64 @PyList_Size(i8*)
declare i8* @PyList_GetItem(i8*, i64)
declare i8* @PyList_GetSlice(i8*, i64, i64)
declare i32 @PyList_SetItem(i8*, i64, i8*)
declare i8* @PyObject_GetAttr(i8*, i8*)
declare i32 @PyDict_Next(i8*, i64*, i64*, i64*)
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
"""

CALL = """
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
  %running.word = call i64 @word(i64** %at)
  %places.word = call i64 @word(i64** %at)
  %places = call i64 @word(i64** %at)
  %types = load i64*, i64** %at
  %places.at = inttoptr i64 %places.word to i64*
  %small = icmp ule i64 %bytes, STACK
  %on.stack = select i1 %small, i64 %bytes, i64 0
  %stack = alloca i8, i64 %on.stack, align 16
  br i1 %small, label %start, label %large
large:
  %heap = call i8* @PyMem_RawMalloc(i64 %bytes)
  br label %start
start:
  %memory = phi i8* [ %stack, %0 ], [ %heap, %large ]
  %in = bitcast i8* %memory to double*
  %out = getelementptr double, double* %in, i64 %ins
  %work = getelementptr double, double* %out, i64 %outs
  %reads = inttoptr i64 %reads.word to i64*
  store i64* %reads, i64** %at
  store double* %in, double** %cursor
  %counted = icmp eq i64 %count, %expected
  %roomy = icmp ne i8* %memory, null
  %running.at = inttoptr i64 %running.word to i64*
  %running = load i64, i64* %running.at
  %quiet = icmp eq i64 %running, 0
  %fit = and i1 %counted, %roomy
  %go = and i1 %fit, %quiet
  br i1 %go, label %look, label %slow
look:
  %unmoved = call zeroext i1 @unmoved(i64* %places.at, i64 %places)
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
  br i1 %small, label %return, label %free
free:
  call void @PyMem_RawFree(i8* %memory)
  br label %return
return:
  ret i8* %result
slow:
  br i1 %small, label %ask, label %free.first
free.first:
  call void @PyMem_RawFree(i8* %memory)
  br label %ask
ask:
  %answer = call i8* @PyObject_Vectorcall(i8* %otherwise, i8** %args, i64 %count, i8* null)
  ret i8* %answer
}
""".replace("STACK", "4096")  # bytes; more numbers than these are kept on the heap

CODE = "".join([COMMON, READ, BUILD, UNMOVED, CALL])
