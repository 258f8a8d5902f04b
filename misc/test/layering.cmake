# Rules about the sources themselves.
add_test(NAME layering COMMAND ${CMAKE_CURRENT_LIST_DIR}/layering.sh ${PROJECT_SOURCE_DIR})

# The rule has teeth.
file(WRITE ${PROJECT_BINARY_DIR}/backward_arrow/runtime/proc.cpp "#include \"ffi/cgocall.hpp\"\n")
add_test(NAME layering.backward_arrow
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/layering.sh ${PROJECT_BINARY_DIR}/backward_arrow)
set_tests_properties(layering.backward_arrow PROPERTIES
  PASS_REGULAR_EXPRESSION "runtime/ may include only what is below it:[\r\n]+runtime/proc.cpp:1:")

# Each public header compiles alone, in a program that has our warnings on and hides nothing.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
  ${PROJECT_SOURCE_DIR}/include/gangway/*.hpp)
# Those of gangway/loop/ need their library's: PREFIX_INCLUDE_DIRS is what misc/test/lib has found for it.
foreach(header IN LISTS headers)
  set(of_library "")
  if(header MATCHES "^gangway/loop/(.*)\\.hpp$")
    list(TRANSFORM ${CMAKE_MATCH_1}_loop_INCLUDE_DIRS PREPEND -isystem OUTPUT_VARIABLE of_library)
  endif()
  string(REGEX REPLACE "^gangway/(.*)\\.hpp$" "\\1" name ${header})
  add_test(NAME header.${name} COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -Wall -Wextra -Wshadow -Wconversion -Wpedantic
    -Werror -fsyntax-only -I${PROJECT_SOURCE_DIR}/include ${of_library} -include ${header} -x c++ /dev/null)
endforeach()
