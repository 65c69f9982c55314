# SPDX-License-Identifier: Apache-2.0
# kelvin_room(NAME [DEPS room...] [LIBRARIES library...])
#
# A folder of sources becomes the library kelvin_NAME, its *_test.cpp the program NAME_test, each test case known to ctest.
# Sources are found by name, so that adding a file touches no list.
function(kelvin_room name)
  cmake_parse_arguments(ROOM "" "" "DEPS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM ROOM_DEPS PREPEND kelvin_)
  if(sources)
    add_library(kelvin_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(kelvin_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(kelvin_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(kelvin_${name} ${scope} ${ROOM_DEPS} ${ROOM_LIBRARIES})
  if(tests AND BUILD_TESTING)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE kelvin_${name} GTest::gtest_main)
    # Expanding GoogleTest's macros with all optimizations takes as long again as parsing them, and nothing waits for tests.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
