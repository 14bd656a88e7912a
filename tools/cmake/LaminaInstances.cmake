# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
#
# Templates are instantiated in files that CMake makes of a template in the sources, so that a new format is a new line
# in its list and nowhere else.
include_guard(GLOBAL)

# lamina_type_list(RESULT HEADER NAME): what `using NAME = TypeList<…>;` lists in a header. CMake runs again when the
# header changes.
function(lamina_type_list result header name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  file(READ ${header} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  if(NOT text MATCHES "using ${name} =[ \n]*TypeList<([A-Za-z0-9_, \n]+)>;")
    message(FATAL_ERROR "${header} has no `using ${name} = TypeList<...>;`")
  endif()
  string(REGEX MATCHALL "[A-Za-z0-9_]+" types "${CMAKE_MATCH_1}")
  set(${result} ${types} PARENT_SCOPE)
endfunction()

# lamina_instances(RESULT TEMPLATE NAME MOST VALUES...): files made of the template for at most so many values each. A
# line of the template that has @NAME@ comes once for each value of the file; @file@ is the file's own name. Values are
# dealt like cards: neighbours in a list take about the same time to compile, and so come to different files.
function(lamina_instances result template name most)
  string(REGEX REPLACE "^.*/(.*)\\.([a-z]+)\\.in$" "\\1;\\2" words ${template})
  list(GET words 0 stem)
  list(GET words 1 extension)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${template})
  file(READ ${template} text)
  list(LENGTH ARGN n_values)
  math(EXPR n_files "(${n_values} + ${most} - 1) / ${most}")
  math(EXPR last_file "${n_files} - 1")
  math(EXPR last_value "${n_values} - 1")
  set(files "")
  foreach(first RANGE ${last_file})
    set(values "")
    foreach(i RANGE ${first} ${last_value} ${n_files})
      list(GET ARGN ${i} value)
      list(APPEND values ${value})
    endforeach()
    list(JOIN values "_" suffix)
    set(file ${stem}_${suffix}.${extension})
    string(REPLACE "@file@" ${file} content "${text}")
    while(content MATCHES "[^\n]*@${name}@[^\n]*\n")
      set(line "${CMAKE_MATCH_0}")
      set(lines "")
      foreach(value IN LISTS values)
        string(REPLACE "@${name}@" ${value} one "${line}")
        string(APPEND lines "${one}")
      endforeach()
      string(REPLACE "${line}" "${lines}" content "${content}")
    endwhile()
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/instances/${file} CONTENT "${content}" @ONLY)
    list(APPEND files ${PROJECT_BINARY_DIR}/instances/${file})
  endforeach()
  set(${result} ${files} PARENT_SCOPE)
endfunction()
