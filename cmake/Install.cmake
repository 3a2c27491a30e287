# find_package(bmstwin) gives bmstwin::bmstwin: the shared library and the public headers, no flags, no further packages.
if(SKBUILD OR NOT TARGET bmstwin)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS bmstwin EXPORT bmstwinTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET bmstwin_cli)
  install(TARGETS bmstwin_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
foreach(folder models scenarios)
  if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}" DESTINATION share/bmstwin)
  endif()
endforeach()
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION share/doc/bmstwin)

set(bmstwin_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bmstwin)
install(EXPORT bmstwinTargets NAMESPACE bmstwin:: DESTINATION ${bmstwin_cmake_dir})
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/bmstwinConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/bmstwinConfig.cmake" INSTALL_DESTINATION ${bmstwin_cmake_dir}
  PATH_VARS CMAKE_INSTALL_PREFIX)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bmstwinConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/bmstwinConfig.cmake" "${PROJECT_BINARY_DIR}/bmstwinConfigVersion.cmake"
        DESTINATION ${bmstwin_cmake_dir})
