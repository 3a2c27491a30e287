# Every compiler flag of the project, each with its reason. They live in interface targets that
# the project's own targets link PRIVATE: an installed bmstwin::bmstwin carries none of them.

set(bmstwin_is_gcc $<COMPILE_LANG_AND_ID:CXX,GNU>)
set(bmstwin_is_clang $<COMPILE_LANG_AND_ID:CXX,Clang>)

# --- numbers: results must be equal to the bit for every compiler, level and CPU -------------
add_library(bmstwin_flags_numeric INTERFACE)
target_compile_options(bmstwin_flags_numeric INTERFACE
  -fno-fast-math                      # undoes whatever CXXFLAGS of a distribution may say; first, as gcc lets it undo -fno-math-errno
  -ffp-contract=off                   # never fuse a*b+c: with and without FMA hardware the bits would differ
  -fno-math-errno                     # sqrt becomes the one correctly rounded instruction; with errno it is a call into libm
  -O${BMSTWIN_OPT_LEVEL}              # comes after the -O of the build type and wins: the matrix compares levels
)
if(BMSTWIN_ARCH)
  target_compile_options(bmstwin_flags_numeric INTERFACE
    -march=${BMSTWIN_ARCH})           # only for the hash matrix: wider vectors must not change a bit
endif()

# --- code generation and sanitizers ----------------------------------------------------------
add_library(bmstwin_flags_codegen INTERFACE)
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
  target_compile_options(bmstwin_flags_codegen INTERFACE
    -fno-semantic-interposition       # position-independent code may inline its own functions; nobody preloads over them
    -fno-plt                          # calls out of the library cost one indirect jump, not two
    $<$<CONFIG:Debug>:-g>             # line numbers in the dev preset
  )
endif()
if(BMSTWIN_SANITIZE STREQUAL "address")
  set(bmstwin_sanitizers
    -fsanitize=address,undefined      # memory errors and undefined behaviour, in one build
    -fsanitize=float-cast-overflow    # not part of "undefined": an unchecked float-to-int is banned here
    -fno-sanitize-recover=all)        # a finding fails the test instead of printing
  target_compile_options(bmstwin_flags_codegen INTERFACE ${bmstwin_sanitizers}
    -fno-omit-frame-pointer           # readable stacks in the finding
    -g1)                              # file and line in the finding, small debug info
  target_link_options(bmstwin_flags_codegen INTERFACE ${bmstwin_sanitizers})
elseif(BMSTWIN_SANITIZE STREQUAL "thread")
  target_compile_options(bmstwin_flags_codegen INTERFACE
    -fsanitize=thread                 # data races between jobs
    -g1)                              # file and line in the finding
  target_link_options(bmstwin_flags_codegen INTERFACE
    -fsanitize=thread)                # its run-time library
endif()

if(BMSTWIN_FUZZ)
  target_compile_options(bmstwin_flags_codegen INTERFACE
    -fsanitize=fuzzer-no-link)        # coverage of the libraries steers the fuzzer; without it, it guesses blindly
endif()

# --- warnings --------------------------------------------------------------------------------
add_library(bmstwin_flags_warn INTERFACE)
target_compile_options(bmstwin_flags_warn INTERFACE
  -Wall -Wextra -Wpedantic            # the common ground of both compilers; pedantic keeps to the standard
  -Wshadow                            # a hidden variable is a wrong unit waiting to happen
  -Wfloat-conversion                  # double to float or to an integer must be written out, through a checked helper
  -Wundef                             # a misspelt macro in #if is not silently 0
  -Wcast-align                        # the core also runs where misaligned access faults
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>   # deleting through a base without a virtual destructor
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual> # an override that only hides
  $<$<COMPILE_LANGUAGE:CXX>:-Wextra-semi>         # stray semicolons: not standard C++
  $<${bmstwin_is_clang}:-Wno-deprecated-declarations> # libstdc++ 12's own stable_sort uses what clang 19 finds deprecated
  $<${bmstwin_is_gcc}:-Wno-psabi>     # notes about the ABI of wide vectors; lanes never cross a library boundary
)
if(BMSTWIN_WERROR AND NOT BMSTWIN_SANITIZE)
  # Not in sanitizer builds: gcc documents false positives of its flow warnings there.
  target_compile_options(bmstwin_flags_warn INTERFACE
    -Werror)                          # a warning nobody must read is a warning nobody reads
endif()

# --- the control core ------------------------------------------------------------------------
add_library(bmstwin_flags_core INTERFACE)
target_compile_options(bmstwin_flags_core INTERFACE
  -ffp-contract=off                   # estimators in float32 give the same bits on the Cortex-M4F, which has an fma
  -fno-math-errno                     # sqrtf is the instruction, not a library call
  -O${BMSTWIN_OPT_LEVEL}              # the level of the build, see above
  -Wconversion -Wsign-conversion      # the core computes in integers of chosen width: no narrowing unseen
  -Wdouble-promotion                  # a double on the M4F is a slow library call
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>            # the core has no exceptions
  $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>                  # nor run-time types
  $<$<COMPILE_LANGUAGE:CXX>:-fno-threadsafe-statics>    # nor statics that need a guard
)
if(CMAKE_SYSTEM_NAME STREQUAL "Generic")
  target_compile_options(bmstwin_flags_core INTERFACE
    -mcpu=cortex-m4 -mthumb           # the product's class of microcontroller
    -mfloat-abi=hard -mfpu=fpv4-sp-d16 # its single-precision unit
    -ffunction-sections -fdata-sections) # the linker drops what the firmware does not call
endif()
