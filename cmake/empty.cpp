// Deliberately empty: a library made of whole static libraries needs one translation unit of its own.
