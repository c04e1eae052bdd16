"""Detection heads as pure functions over arrays: one function per layout of output tensors."""
