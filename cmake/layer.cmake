# layer(NAME SOURCES a.c b.c [USES layers...] [HIDES layers...] [LIBS pkg targets...])
#
# One static library and one include directory per layer. A layer that includes a header of a layer it does not
# name in USES or HIDES, or reach through the USES of those, does not compile. HIDES are the layers that only its own
# sources need: who uses it does not see their headers. LIBS stay private too: a third party's types never cross a
# layer's boundary.
function(layer NAME)
    cmake_parse_arguments(L "" "" "SOURCES;USES;HIDES;LIBS" ${ARGN})
    add_library(${NAME} STATIC ${L_SOURCES})
    target_include_directories(${NAME} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${NAME} PUBLIC ${L_USES} PRIVATE ${L_HIDES} ${L_LIBS})
    target_compile_options(${NAME} PRIVATE -include ${CMAKE_SOURCE_DIR}/core/base/banned.h)
endfunction()

# unit_test(test_NAME SOURCES x.c USES layers...): a cmocka program, run by ctest as FOLDER/NAME from the root of the
# repository, so that fixtures are named relative to it.
function(unit_test NAME)
    cmake_parse_arguments(T "" "" "SOURCES;USES" ${ARGN})
    add_executable(${NAME} ${T_SOURCES})
    target_link_libraries(${NAME} PRIVATE ${T_USES} cmocka)
    get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    string(REGEX REPLACE "^test_" "" short ${NAME})
    add_test(NAME ${folder}/${short} COMMAND ${NAME} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()
