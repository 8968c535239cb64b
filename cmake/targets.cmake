# Settings every target of the project shares.

# Warnings, sanitizers and hidden symbols for one target.
function(nwc_target_settings target)
  set_target_properties(${target} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Wformat=2 -Wvla
    -ffp-contract=off)
  if(NOWCAST_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(NOWCAST_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${NOWCAST_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${NOWCAST_SANITIZE})
    if(NOWCAST_SANITIZE MATCHES "undefined")
      target_compile_options(${target} PRIVATE -fno-sanitize-recover=undefined)
    endif()
  endif()
endfunction()

# Compile each *_kernel.c once for every instruction level; the objects join the named target.
function(nwc_target_kernels target)
  set(levels v2)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
    set(levels v2 v3 v4)
    target_compile_definitions(${target} PRIVATE NWC__HAVE_X86_LEVELS)
  endif()
  string(REPLACE ";" "," text "${levels}")
  set(NWC_KERNEL_LEVELS_TEXT "${text}" PARENT_SCOPE)
  foreach(level IN LISTS levels)
    set(objects ${target}_kernels_${level})
    add_library(${objects} OBJECT ${ARGN})
    nwc_target_settings(${objects})
    target_include_directories(${objects} PRIVATE
      ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
    # Fused multiply-adds and quiet libm are allowed in kernels, nothing else of fast-math: NaN must stay NaN.
    target_compile_options(${objects} PRIVATE
      -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math -fopenmp-simd
      $<$<C_COMPILER_ID:Clang>:-Wno-pass-failed>) # a loop that clang cannot vectorise is no error
    target_compile_definitions(${objects} PRIVATE NWC__LEVEL=_${level})
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
      target_compile_options(${objects} PRIVATE -march=x86-64-${level})
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()

# A static copy of the library with every symbol in reach, for tests and fuzzers that look inside.
function(nwc_add_inside)
  if(TARGET nowcast_inside)
    return()
  endif()
  get_target_property(nwc_sources nowcast SOURCES)
  add_library(nowcast_inside STATIC)
  get_target_property(nwc_dir nowcast SOURCE_DIR)
  foreach(source IN LISTS nwc_sources)
    if(source MATCHES "^\\$" OR IS_ABSOLUTE "${source}")
      target_sources(nowcast_inside PRIVATE ${source})
    else()
      target_sources(nowcast_inside PRIVATE ${nwc_dir}/${source})
    endif()
  endforeach()
  nwc_target_settings(nowcast_inside)
  target_include_directories(nowcast_inside PUBLIC ${nwc_dir}/include ${nwc_dir}/src)
  get_target_property(nwc_definitions nowcast COMPILE_DEFINITIONS)
  if(nwc_definitions)
    target_compile_definitions(nowcast_inside PUBLIC ${nwc_definitions})
  endif()
  get_target_property(nwc_links nowcast LINK_LIBRARIES)
  target_link_libraries(nowcast_inside PUBLIC ${nwc_links})
endfunction()
