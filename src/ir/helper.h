// SPDX-License-Identifier: Apache-2.0
// C++ functions that a region may call.
//
// A helper is an ordinary function. Integer arguments are u64 or u32, vectors are `const V128&`; the result is void,
// u32, u64 or V128. A helper that touches the guest takes `State&` (the guest's own state type) first. Declare it where
// it is used:
//   static constexpr ir::Helper kHelper = ir::helper<&function>("name", ir::kHelperPure);
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include "ir/types.h"

namespace kelvin::ir {

enum HelperEffects : u8 {
    kHelperPure = 0,         ///< depends on its arguments alone
    kHelperReadsState = 1,   ///< sees guest registers: they must be in the state before the call
    kHelperWritesState = 2,  ///< may change any guest register
    kHelperMayExit = 4,  ///< may raise a guest exception or ask to leave; the pc in the state is exact during the call
};

inline constexpr unsigned kMaxCallArguments = 6;

union HelperValue {
    u64 integer;
    V128 vector;
};

struct Helper {
    const char* name;
    void* (*address)();  ///< of the function itself, for generated code
    Type result;
    bool takes_state;
    u8 argument_count;  ///< without the state
    std::array<Type, kMaxCallArguments> arguments;
    HelperEffects effects;
    /// Calls it with arguments taken from an array; for the interpreter.
    void (*invoke)(void* state, const HelperValue* arguments, HelperValue* result);
};

namespace detail {

template <class T>
consteval Type helper_type() {
    using Plain = std::remove_cvref_t<T>;
    if constexpr (std::is_void_v<T>) {
        return Type::none;
    } else if constexpr (std::is_same_v<Plain, V128>) {
        return Type::v128;
    } else if constexpr (sizeof(Plain) == 8) {
        return Type::i64;
    } else {
        static_assert(sizeof(Plain) == 4, "helpers take u32, u64 and const V128&");
        return Type::i32;
    }
}

template <class T>
decltype(auto) helper_argument(const HelperValue& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<T>, V128>) {
        return (value.vector);
    } else {
        return static_cast<T>(value.integer);
    }
}

template <class T>
inline constexpr bool is_state = std::is_lvalue_reference_v<T> && !std::is_const_v<std::remove_reference_t<T>>;

template <auto Function, class R, class... A>
struct HelperTraits {
    static consteval Helper make(const char* name, HelperEffects effects) {
        return {name,
                +[] { return reinterpret_cast<void*>(Function); },
                helper_type<R>(),
                false,
                static_cast<u8>(sizeof...(A)),
                {helper_type<A>()...},
                effects,
                [](void*, const HelperValue* arguments, HelperValue* result) {
                    [&]<std::size_t... I>(std::index_sequence<I...>) {
                        store<R>(result, [&]() -> R { return Function(helper_argument<A>(arguments[I])...); });
                    }
                    (std::index_sequence_for<A...>{});
                }};
    }
    template <class T, class Call>
    static void store(HelperValue* result, Call call) {
        if constexpr (std::is_void_v<T>) {
            call();
        } else if constexpr (std::is_same_v<T, V128>) {
            result->vector = call();
        } else {
            result->integer = call();
        }
    }
};

template <auto Function, class R, class S, class... A>
struct StateHelperTraits {
    static consteval Helper make(const char* name, HelperEffects effects) {
        return {name,
                +[] { return reinterpret_cast<void*>(Function); },
                helper_type<R>(),
                true,
                static_cast<u8>(sizeof...(A)),
                {helper_type<A>()...},
                effects,
                [](void* state, const HelperValue* arguments, HelperValue* result) {
                    [&]<std::size_t... I>(std::index_sequence<I...>) {
                        HelperTraits<Function, R, A...>::template store<R>(result, [&]() -> R {
                            return Function(*static_cast<S*>(state), helper_argument<A>(arguments[I])...);
                        });
                    }
                    (std::index_sequence_for<A...>{});
                }};
    }
};

template <auto Function, class R, class First, class... A>
consteval Helper make_helper(R (*)(First, A...), const char* name, HelperEffects effects) {
    if constexpr (is_state<First>) {
        return StateHelperTraits<Function, R, std::remove_reference_t<First>, A...>::make(name, effects);
    } else {
        return HelperTraits<Function, R, First, A...>::make(name, effects);
    }
}

}  // namespace detail

/// Describes `Function` for call ops.
template <auto Function>
consteval Helper helper(const char* name, HelperEffects effects) {
    return detail::make_helper<Function>(Function, name, effects);
}

constexpr HelperEffects operator|(HelperEffects a, HelperEffects b) {
    return static_cast<HelperEffects>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

}  // namespace kelvin::ir
