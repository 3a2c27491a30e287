# What people use: the shared library, the command, and cores as loadable modules.
set(bmstwin_product_rooms base cell net afe power board scenario sim io batch study api)

function(bmstwin_objects_of variable)  # targets in ARGN; an interface library has no objects
  set(objects "")
  foreach(target IN LISTS ARGN)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND objects $<TARGET_OBJECTS:${target}>)
    endif()
  endforeach()
  set(${variable} "${objects}" PARENT_SCOPE)
endfunction()

file(GLOB bmstwin_api_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/api/*.cpp")
if(bmstwin_api_sources AND NOT SKBUILD)
  list(TRANSFORM bmstwin_product_rooms PREPEND twin_ OUTPUT_VARIABLE targets)
  bmstwin_objects_of(objects bms_core ${targets})
  add_library(bmstwin SHARED ${objects})
  add_library(bmstwin::bmstwin ALIAS bmstwin)
  set_target_properties(bmstwin PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                        LINKER_LANGUAGE CXX LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  target_compile_features(bmstwin PUBLIC cxx_std_20)
  target_include_directories(bmstwin INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  set(externals "")
  foreach(room IN LISTS bmstwin_product_rooms)
    list(APPEND externals ${bmstwin_external_${room}})
  endforeach()
  list(REMOVE_DUPLICATES externals)
  target_link_libraries(bmstwin PRIVATE ${externals} bmstwin_flags_codegen)
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
bmstwin_objects_of(objects bms_core)
if(objects)
  add_library(bms_core_module MODULE ${objects})
  set_target_properties(bms_core_module PROPERTIES PREFIX "" OUTPUT_NAME bms_core LINKER_LANGUAGE CXX
                        LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  target_link_libraries(bms_core_module PRIVATE bmstwin_flags_codegen)
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
