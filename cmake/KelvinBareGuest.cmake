# SPDX-License-Identifier: Apache-2.0
# kelvin_bare_guest(NAME source...)
#
# Builds NAME.elf, a guest without an operating system, of sources and what tests/smp/guest has for all: the board, its start.
# Its path is in NAME_guest, which is empty where there is no compiler for it.
find_program(KELVIN_AARCH64_GCC aarch64-linux-gnu-gcc)

function(kelvin_bare_guest name)
  set(${name}_guest "" PARENT_SCOPE)
  if(NOT KELVIN_AARCH64_GCC)
    return()
  endif()
  set(board ${CMAKE_SOURCE_DIR}/tests/smp/guest)
  set(sources ${ARGN} ${board}/board.c ${board}/start.S)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/guest/*.h)
  set(guest ${CMAKE_CURRENT_BINARY_DIR}/${name}.elf)
  add_custom_command(
    OUTPUT ${guest}
    COMMAND ${KELVIN_AARCH64_GCC} -O2 -ffreestanding -nostdlib -static -mgeneral-regs-only -mno-outline-atomics
            -fno-stack-protector -fno-pic -no-pie -Wall -Wextra -I${board} -I${CMAKE_CURRENT_SOURCE_DIR}/guest
            -Wl,-Ttext=0x40080000 -Wl,--build-id=none
            ${sources} -o ${guest}
    DEPENDS ${sources} ${headers} ${board}/board.h
    VERBATIM)
  add_custom_target(${name}_guest ALL DEPENDS ${guest})
  set(${name}_guest ${guest} PARENT_SCOPE)
endfunction()
