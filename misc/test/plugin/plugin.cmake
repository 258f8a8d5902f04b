# A program that does not know the library loads and unloads plug-ins that use it: one has it linked in, one needs the
# shared one.
add_executable(plugin_host plugin/host.c)
gangway_flags(plugin_host)
target_link_libraries(plugin_host PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
foreach(kind IN ITEMS static shared)
    add_library(plugin_${kind} MODULE plugin/plugin.cpp)
    gangway_flags(plugin_${kind})
    # A unique symbol of GCC's keeps its object loaded by itself.
    target_compile_options(plugin_${kind} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    target_link_libraries(plugin_${kind} PRIVATE gangway::${kind})
    add_test(NAME plugin.${kind} COMMAND plugin_host $<TARGET_FILE:plugin_${kind}>)
    set_tests_properties(plugin.${kind} PROPERTIES
        PASS_REGULAR_EXPRESSION "^done\n$" TIMEOUT ${gangway_test_timeout}
        ENVIRONMENT "GANGWAY_IDLE_THREAD_MS=5")
endforeach()
