// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Lists of types, on Boost.Hana: the registries of formats and families, and the layers of a family. The only file
// that includes Hana, so that nobody pays for it inside a kernel.
#pragma once

#include <boost/hana/for_each.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace lamina {

template <class... Ts>
struct TypeList {
  static constexpr std::size_t size = sizeof...(Ts);
};

template <class T>
struct Type {
  using type = T;
};

// Calls f(Type<T>{}) for every T of the list, in order.
template <class... Ts, class F>
constexpr void for_each_type(TypeList<Ts...>, F&& f) {
  boost::hana::for_each(boost::hana::tuple_t<Ts...>, [&](auto t) { f(Type<typename decltype(t)::type>{}); });
}

// Calls f(Type<T>{}) for the first T for which pred(Type<T>{}) holds; false when there is none.
template <class... Ts, class Pred, class F>
constexpr bool visit_first(TypeList<Ts...> list, Pred&& pred, F&& f) {
  bool found = false;
  for_each_type(list, [&](auto t) {
    if (!found && pred(t)) {
      found = true;
      f(t);
    }
  });
  return found;
}

template <class T, class List>
struct Contains : std::false_type {};
template <class T, class... Ts>
struct Contains<T, TypeList<Ts...>> : std::disjunction<std::is_same<T, Ts>...> {};

// Position of T in the list.
template <class T, class List>
struct IndexOf;
template <class T, class... Rest>
struct IndexOf<T, TypeList<T, Rest...>> : std::integral_constant<std::size_t, 0> {};
template <class T, class First, class... Rest>
struct IndexOf<T, TypeList<First, Rest...>>
    : std::integral_constant<std::size_t, 1 + IndexOf<T, TypeList<Rest...>>::value> {};

}  // namespace lamina
