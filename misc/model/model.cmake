# The models of the protocols (README.md). They do not depend on how the library is built: one build checks them.
if(NOT GANGWAY_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_test(NAME model COMMAND ${CMAKE_COMMAND} -E env CC=${CMAKE_C_COMPILER} ${CMAKE_CURRENT_LIST_DIR}/check)
  set_tests_properties(model PROPERTIES TIMEOUT 600)
endif()
