# Options that make a fault in the code harder to exploit, and the build the same in every folder. Options that a compiler or an
# architecture does not know are left out; tests/build/hardening looks at what came out.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)
include(CheckPIESupported)

check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_COMPILE_OPTIONS_PIC ${CMAKE_C_COMPILE_OPTIONS_PIE}) # the libraries too end up in programs

function(compile_with_if_known)
    string(MAKE_C_IDENTIFIER "knows${ARGN}" known)
    string(REPLACE ";" " " flags "${ARGN}")
    set(CMAKE_REQUIRED_FLAGS -Werror) # clang only warns of what it does not know
    check_c_compiler_flag("${flags}" ${known})
    if(${known})
        add_compile_options(${ARGN})
    endif()
endfunction()

# Paths in __FILE__ and in debug information begin at the source folder.
# The linker compiles too (link-time optimisation).
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
add_link_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)

if(NOT BRGATE_SANITIZE)
    add_compile_options(-fstack-protector-strong)
    compile_with_if_known(-fstack-clash-protection)
    compile_with_if_known(-fcf-protection)              # x86: indirect branches and returns
    compile_with_if_known(-mbranch-protection=standard) # the same on arm64
    add_link_options(-Wl,-z,relro,-z,now)
    # The start-up files of Debian's glibc lack the marks of -fcf-protection, so the linker takes them from the program.
    # Shadow stacks need nothing of those files and are marked all the same; indirect-branch tracking does (_start has no
    # endbr64), and stays unmarked.
    check_linker_flag(C -Wl,-z,shstk knows_shadow_stack)
    if(knows_shadow_stack AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        add_link_options(-Wl,-z,shstk)
    endif()
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
        # A variable that was forgotten is zero. Not in other builds, where it would hide the mistake from the analysers.
        compile_with_if_known(-ftrivial-auto-var-init=zero)
        if(NOT knows_ftrivial_auto_var_init_zero) # clang before 16
            compile_with_if_known(-ftrivial-auto-var-init=zero
                -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
        endif()
    endif()
endif()
