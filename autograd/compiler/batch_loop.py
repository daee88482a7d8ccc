"""The loop over the blocks of a batch, in LLVM: load a block of every column, run the tape's body, store or add.

    %columns, %strides      of each input that differs from sample to sample: its address, and how far its samples lie
                            apart; a block that is not full is filled up with its last sample
    %parameters, %work      what the body reads besides, and its workspace: the blocks of the columns come first
    %places, %results       of each output: its block in the workspace, and where it goes, or with %reduce is added to
"""

import ctypes
from typing import Any

from autograd.compiler import native
from autograd.compiler.once import once

TEXT = """
define void @block_loop(i64 %function, i64 %begin, i64 %end, i64 %ins, T** %columns, i64* %strides, T* %parameters,
                        T* %work, i64 %outs, i64* %places, T** %results, i64 %reduce, i64* %program) {
entry:
  %body = inttoptr i64 %function to void (T*, T*, i64*)*
  br label %block
block:
  %start = phi i64 [ %begin, %entry ], [ %after, %stored ]
  %going = icmp slt i64 %start, %end
  br i1 %going, label %full, label %done
full:
  %rest = sub i64 %end, %start
  %short = icmp slt i64 %rest, BLOCK
  %count = select i1 %short, i64 %rest, i64 BLOCK
  %last = sub i64 %count, 1
  br label %input
input:
  %i = phi i64 [ 0, %full ], [ %i.next, %input.end ]
  %i.more = icmp slt i64 %i, %ins
  br i1 %i.more, label %input.begin, label %run
input.begin:
  %column.at = getelementptr T*, T** %columns, i64 %i
  %column = load T*, T** %column.at
  %stride.at = getelementptr i64, i64* %strides, i64 %i
  %stride = load i64, i64* %stride.at
  %target.offset = mul i64 %i, BLOCK
  %target = getelementptr T, T* %work, i64 %target.offset
  br label %copy
copy:
  %j = phi i64 [ 0, %input.begin ], [ %j.next, %copy ]
  %beyond = icmp sgt i64 %j, %last
  %j.in = select i1 %beyond, i64 %last, i64 %j
  %sample = add i64 %start, %j.in
  %offset = mul i64 %sample, %stride
  %source = getelementptr T, T* %column, i64 %offset
  %number = load T, T* %source
  %place = getelementptr T, T* %target, i64 %j
  store T %number, T* %place
  %j.next = add i64 %j, 1
  %j.more = icmp slt i64 %j.next, BLOCK
  br i1 %j.more, label %copy, label %input.end
input.end:
  %i.next = add i64 %i, 1
  br label %input
run:
  call void %body(T* %parameters, T* %work, i64* %program)
  br label %output
output:
  %o = phi i64 [ 0, %run ], [ %o.next, %output.end ]
  %o.more = icmp slt i64 %o, %outs
  br i1 %o.more, label %output.begin, label %stored
output.begin:
  %place.at = getelementptr i64, i64* %places, i64 %o
  %from.block = load i64, i64* %place.at
  %from.offset = mul i64 %from.block, BLOCK
  %from = getelementptr T, T* %work, i64 %from.offset
  %result.at = getelementptr T*, T** %results, i64 %o
  %result = load T*, T** %result.at
  %reducing = icmp ne i64 %reduce, 0
  %shift = select i1 %reducing, i64 0, i64 %start
  %to = getelementptr T, T* %result, i64 %shift
  br i1 %reducing, label %add, label %store
add:
  %a = phi i64 [ 0, %output.begin ], [ %a.next, %add ]
  %a.from = getelementptr T, T* %from, i64 %a
  %a.to = getelementptr T, T* %to, i64 %a
  %a.new = load T, T* %a.from
  %a.old = load T, T* %a.to
  %a.sum = fadd T %a.old, %a.new
  store T %a.sum, T* %a.to
  %a.next = add i64 %a, 1
  %a.more = icmp slt i64 %a.next, %count
  br i1 %a.more, label %add, label %output.end
store:
  %s = phi i64 [ 0, %output.begin ], [ %s.next, %store ]
  %s.from = getelementptr T, T* %from, i64 %s
  %s.to = getelementptr T, T* %to, i64 %s
  %s.new = load T, T* %s.from
  store T %s.new, T* %s.to
  %s.next = add i64 %s, 1
  %s.more = icmp slt i64 %s.next, %count
  br i1 %s.more, label %store, label %output.end
output.end:
  %o.next = add i64 %o, 1
  br label %output
stored:
  %after = add i64 %start, BLOCK
  br label %block
done:
  ret void
}
"""


@once
def block_loop(element: str, block: int) -> Any:
    """The loop as a ctypes function, for numbers of LLVM's type `element` and blocks of so many samples."""
    text = TEXT.replace("T", element).replace("BLOCK", str(block))
    whole, pointer = ctypes.c_int64, ctypes.c_void_p
    kinds = [whole, whole, whole, whole, pointer, pointer, pointer, pointer, whole, pointer, pointer, whole, pointer]
    return native.compiled(text, 2).function("block_loop", *kinds)
