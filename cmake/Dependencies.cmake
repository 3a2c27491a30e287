# Libraries the host build takes from the distribution (docs/dependencies.md says why each).
# bmstwin_external_<room> names what a room links; a library that is not listed here is not used there.
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)

foreach(room base cell net afe power board scenario sim io batch study api link cli)
  set(bmstwin_external_${room} fmt::fmt)
endforeach()
list(APPEND bmstwin_external_board ${CMAKE_DL_LIBS})               # dlopen of a pluggable core
list(APPEND bmstwin_external_io nlohmann_json::nlohmann_json       # the only room that sees JSON
                                ${CMAKE_DL_LIBS})                  # finds the data beside the loaded library
list(APPEND bmstwin_external_batch Threads::Threads)
list(APPEND bmstwin_external_study Threads::Threads Eigen3::Eigen)   # least squares of the fit
list(APPEND bmstwin_external_api Threads::Threads)

if(NOT SKBUILD)
  find_package(CLI11 2 REQUIRED)
  list(APPEND bmstwin_external_cli CLI11::CLI11)
endif()
if(BMSTWIN_BUILD_TESTS)
  find_package(doctest 2.4 REQUIRED)
  find_package(Boost 1.74 REQUIRED)
endif()
if(BMSTWIN_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
