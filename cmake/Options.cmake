# What a build may choose. Presets set these; nothing else reads the environment.
if(SKBUILD)
  set(bmstwin_top OFF)                # a wheel holds the library only
else()
  set(bmstwin_top ${PROJECT_IS_TOP_LEVEL})
endif()

option(BMSTWIN_BUILD_TESTS "Build the C++ tests" ${bmstwin_top})
option(BMSTWIN_BUILD_BENCHMARKS "Build the google-benchmark programs" OFF)
option(BMSTWIN_WERROR "Warnings are errors" ${bmstwin_top})
option(BMSTWIN_FUZZ "Build tests/fuzz with libFuzzer (clang only)" OFF)

set(BMSTWIN_OPT_LEVEL "2" CACHE STRING "Optimisation level 0..3; results are equal to the bit at every level")
set_property(CACHE BMSTWIN_OPT_LEVEL PROPERTY STRINGS 0 1 2 3)
set(BMSTWIN_ARCH "" CACHE STRING "x86 level (x86-64, x86-64-v3, x86-64-v4); empty is the compiler's baseline")
set_property(CACHE BMSTWIN_ARCH PROPERTY STRINGS "" x86-64 x86-64-v3 x86-64-v4)
set(BMSTWIN_SANITIZE "" CACHE STRING "empty, address (with undefined) or thread")
set_property(CACHE BMSTWIN_SANITIZE PROPERTY STRINGS "" address thread)

foreach(pair "BMSTWIN_OPT_LEVEL;^[0123]$" "BMSTWIN_ARCH;^(x86-64|x86-64-v3|x86-64-v4)?$"
             "BMSTWIN_SANITIZE;^(address|thread)?$")
  list(GET pair 0 name)
  list(GET pair 1 allowed)
  if(NOT "${${name}}" MATCHES "${allowed}")
    message(FATAL_ERROR "${name}=\"${${name}}\" is not allowed; it must match ${allowed}")
  endif()
endforeach()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()

find_program(BMSTWIN_CCACHE ccache)
if(BMSTWIN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${BMSTWIN_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${BMSTWIN_CCACHE}")
endif()
