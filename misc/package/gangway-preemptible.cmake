# gangway_preemptible(target...): the scheduler may make goroutines yield at the start of every function that these targets
# are built from, so that a loop which calls any function cannot keep others waiting. Costs a compare in each.
# They link gangway::gangway, or one of the two libraries, themselves.
#
# Clang gives it to functions that need stack only, and stops at variadic ones: give those
# __attribute__((no_split_stack)).
function(gangway_preemptible)
  foreach(target IN LISTS ARGN)
    if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" OR NOT CMAKE_SYSTEM_NAME STREQUAL Linux)
      message(FATAL_ERROR "gangway_preemptible(${target}): needs Linux on x86-64")
    endif()
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C,CXX>:-fsplit-stack>)
    target_link_libraries(${target} PRIVATE gangway::preemptible)
  endforeach()
endfunction()
