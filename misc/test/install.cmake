# Gangway as its users get it: installed into a prefix, and a program outside the tree (install/) built against that.
set(prefix ${PROJECT_BINARY_DIR}/install_test/prefix)
set(user_build ${PROJECT_BINARY_DIR}/install_test)
list(JOIN gangway_sanitizers " " sanitizers)

# Afresh, or a file that is no longer installed would stay.
add_test(NAME install.prefix COMMAND sh -c "rm -rf \"$1\" && \"$2\" --install \"$3\" --config \"$4\" --prefix \"$1\""
  sh ${prefix} ${CMAKE_COMMAND} ${PROJECT_BINARY_DIR} $<CONFIG>)
set_tests_properties(install.prefix PROPERTIES FIXTURES_SETUP installed)

add_test(NAME install.public_headers_only
  COMMAND diff -r ${PROJECT_SOURCE_DIR}/include ${prefix}/${CMAKE_INSTALL_INCLUDEDIR})

# A program must be sanitized as the library is, so it gets the same flags.
foreach(kind IN ITEMS static shared)
  string(COMPARE EQUAL ${kind} shared shared)
  set(dir ${user_build}/${kind})
  add_test(NAME install.find_package_${kind} COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${CMAKE_CURRENT_LIST_DIR}/install ${dir} --build-generator ${CMAKE_GENERATOR}
    --build-options -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
      "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS} ${sanitizers}" -DCMAKE_BUILD_TYPE=$<CONFIG> -DGANGWAY_SHARED=${shared}
    --test-command ${dir}/user)
  add_test(NAME install.pkg_config_${kind} COMMAND ${CMAKE_CURRENT_LIST_DIR}/install/pkg_config.sh
    ${prefix} ${user_build} ${kind} ${CMAKE_CXX_COMPILER} ${gangway_sanitizers})
  set_tests_properties(install.find_package_${kind} install.pkg_config_${kind} PROPERTIES
    FIXTURES_REQUIRED installed TIMEOUT 120)
endforeach()
set_tests_properties(install.public_headers_only PROPERTIES FIXTURES_REQUIRED installed)

# A page's first example in C++ is a program that builds and runs.
function(gangway_page_example name page)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
  file(READ ${PROJECT_SOURCE_DIR}/${page} text)
  if(NOT text MATCHES "```cpp\n([^`]*)```")
    message(FATAL_ERROR "${page} has no example in C++")
  endif()
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/${name}_example.cpp CONTENT "${CMAKE_MATCH_1}")
  add_executable(${name}_example ${PROJECT_BINARY_DIR}/${name}_example.cpp)
  gangway_flags(${name}_example)
  target_link_libraries(${name}_example PRIVATE gangway::gangway)
  add_test(NAME ${name}.example COMMAND ${name}_example)
endfunction()

gangway_page_example(readme README.md)
foreach(page IN ITEMS which-callback in-a-callback which-thread exceptions lifetimes)
  gangway_page_example(${page} docs/wrapping/${page}.md)
endforeach()
