# SPDX-License-Identifier: Apache-2.0
# Compiler settings that hold for every target.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# What a person runs stands in one folder, whatever room it is built in.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(KELVIN_CCACHE ccache)
if(KELVIN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KELVIN_CCACHE})
endif()
find_program(KELVIN_MOLD mold)
if(KELVIN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Assertions of the standard library stay on in release: an index out of range ends the process instead of corrupting it.
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Wcast-qual -Wsuggest-override
                    -Wnon-virtual-dtor -Wdouble-promotion)
# GCC 12 reports overlapping copies in std::string's operator+ where there are none (GCC bug 105651).
add_compile_options(-Wno-restrict)
# Host floating point is never used where its rounding could be seen by a guest, and no fused operation may appear unasked.
add_compile_options(-fno-strict-aliasing -ffp-contract=off)
if(PROJECT_IS_TOP_LEVEL)
  add_compile_options(-Werror)
endif()

# Checks of our own that cost too much for a release, such as verifying the IR after each pass. Code asks #if KELVIN_CHECKED.
option(KELVIN_CHECKED "expensive checks of our own" OFF)
add_compile_definitions(KELVIN_CHECKED=$<BOOL:${KELVIN_CHECKED}>)

# KELVIN_SANITIZE: a comma-separated list for -fsanitize=, or empty.
set(KELVIN_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")
if(KELVIN_SANITIZE)
  # -O1 keeps stack traces readable; GCC 12 reports false -Wmaybe-uninitialized and -Wstringop-overflow in instrumented code.
  add_compile_options(-fsanitize=${KELVIN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1
                      -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
  add_link_options(-fsanitize=${KELVIN_SANITIZE})
  if(KELVIN_SANITIZE MATCHES thread)
    # It does not see fences (src/memory/ram_slice.h), which order what guests and devices write for each other.
    add_compile_options(-Wno-tsan)
  endif()
endif()
