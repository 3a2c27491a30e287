# What people use: the shared library, the command, and cores as loadable modules.
set(bmstwin_product_rooms base cell net afe power board scenario sim io batch study api)

file(GLOB bmstwin_api_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/api/*.cpp")
if(bmstwin_api_sources AND NOT SKBUILD)
  add_library(bmstwin SHARED "${PROJECT_SOURCE_DIR}/cmake/empty.cpp")
  add_library(bmstwin::bmstwin ALIAS bmstwin)
  set_target_properties(bmstwin PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                        LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  target_compile_features(bmstwin PUBLIC cxx_std_20)
  target_include_directories(bmstwin INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(bmstwin PRIVATE bmstwin_flags_codegen)
  foreach(room IN LISTS bmstwin_product_rooms)
    get_target_property(type twin_${room} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      target_link_libraries(bmstwin PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,twin_${room}>)
    endif()
  endforeach()
endif()

if(EXISTS "${PROJECT_SOURCE_DIR}/src/cli/main.cpp" AND NOT SKBUILD)
  add_executable(bmstwin_cli "${PROJECT_SOURCE_DIR}/src/cli/main.cpp")
  set_target_properties(bmstwin_cli PROPERTIES OUTPUT_NAME bmstwin
                        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  target_link_libraries(bmstwin_cli PRIVATE twin_cli ${bmstwin_external_cli}
                        bmstwin_flags_numeric bmstwin_flags_codegen bmstwin_flags_warn)
endif()

if(SKBUILD)
  return()
endif()

# Our core as a module, loaded by --core like a stranger's.
get_target_property(bmstwin_core_type bms_core TYPE)
if(bmstwin_core_type STREQUAL "STATIC_LIBRARY")
  add_library(bms_core_module MODULE "${PROJECT_SOURCE_DIR}/cmake/empty.cpp")
  set_target_properties(bms_core_module PROPERTIES PREFIX "" OUTPUT_NAME bms_core
                        LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  target_link_libraries(bms_core_module PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,bms_core> bmstwin_flags_codegen)
endif()

# A stranger's core: C11, sees include/bms/core_api.h only.
if(EXISTS "${PROJECT_SOURCE_DIR}/examples/custom_core/CMakeLists.txt")
  add_subdirectory("${PROJECT_SOURCE_DIR}/examples/custom_core" examples/custom_core)
else()
  file(GLOB bmstwin_custom_core CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/custom_core/*.c")
  if(bmstwin_custom_core)
    add_library(custom_core MODULE ${bmstwin_custom_core})
    set_target_properties(custom_core PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
    target_include_directories(custom_core PRIVATE "${PROJECT_SOURCE_DIR}/include")
    target_link_libraries(custom_core PRIVATE bmstwin_flags_numeric bmstwin_flags_codegen bmstwin_flags_warn)
  endif()
endif()
