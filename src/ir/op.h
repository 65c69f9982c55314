// SPDX-License-Identifier: Apache-2.0
// Operations: what they are called, take, give and touch. One line each in ops.def.
#pragma once

#include <array>
#include <string_view>

#include "ir/types.h"

namespace kelvin::ir {

enum class Opcode : u16 {
#define OP(name, result, arguments, effects) name,
#include "ir/ops.def"
#undef OP
    count
};

enum Effects : u16 {
    kPure = 1 << 0,  ///< result depends on operands alone; may be removed, merged and moved
    kCommutes = 1 << 1,
    kReadsState = 1 << 2,  ///< guest registers or fields
    kWritesState = 1 << 3,
    kReadsMemory = 1 << 4,
    kWritesMemory = 1 << 5,
    kMayFault = 1 << 6,    ///< may leave the region with a guest exception: state must be exact here
    kBarrier = 1 << 7,     ///< no memory access moves across
    kTerminator = 1 << 8,  ///< ends a block
    kMarker = 1 << 9,      ///< no code
    kFp = 1 << 10,    ///< depends on the region's FpMode and accumulates exceptions; removable only with its exceptions
    kCall = 1 << 11,  ///< effects are those of the Helper
};

constexpr Effects operator|(Effects a, Effects b) {
    return static_cast<Effects>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// Kind of a result: N none, I integer, V v128, F flags, S the slot's type, C the helper's.
enum class ResultKind : u8 { N, I, V, F, S, C };

struct OpInfo {
    std::string_view name;
    ResultKind result;
    std::string_view arguments;  ///< one of I V F S each
    Effects effects;
};

inline constexpr auto kOpInfo = std::to_array<OpInfo>({
#define OP(name, result, arguments, effects) OpInfo{#name, ResultKind::result, arguments, effects},
#include "ir/ops.def"
#undef OP
});

constexpr const OpInfo& info(Opcode code) {
    return kOpInfo[static_cast<std::size_t>(code)];
}

namespace detail {

/// A column of kOpInfo, which walks over many ops read from fewer cache lines.
template <class T, class Column>
constexpr auto op_column(Column column) {
    std::array<T, kOpInfo.size()> result{};
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = static_cast<T>(column(kOpInfo[i]));
    }
    return result;
}
inline constexpr auto kEffects = op_column<Effects>([](const OpInfo& op) { return op.effects; });
inline constexpr auto kOperandCounts = op_column<u8>([](const OpInfo& op) { return op.arguments.size(); });

}  // namespace detail

constexpr Effects effects(Opcode code) {
    return detail::kEffects[static_cast<std::size_t>(code)];
}

/// But for those of calls, which are beside the op.
constexpr unsigned operand_count(Opcode code) {
    return detail::kOperandCounts[static_cast<std::size_t>(code)];
}

/// A value: the index of the op that makes it, within its region.
enum class Value : u32 {};
inline constexpr Value kNoValue{~u32{0}};

constexpr u32 index(Value value) {
    return static_cast<u32>(value);
}

struct Op {
    Opcode code;
    Type type = Type::none;  ///< of the result; for ops without one and for flags, the width worked at
    u8 aux = 0;
    Value a = kNoValue;
    Value b = kNoValue;
    Value c = kNoValue;
    u64 imm = 0;

    Cond cond() const { return static_cast<Cond>(aux); }
    Lane lane() const { return static_cast<Lane>(aux); }
    FpShape shape() const { return static_cast<FpShape>(aux); }
    MemInfo memory() const { return MemInfo::unpack(static_cast<u32>(imm >> 32)); }
    i32 offset() const { return static_cast<i32>(static_cast<u32>(imm)); }
};
static_assert(sizeof(Op) == 24);

/// True if the op's result exists and is of the flags type.
constexpr bool makes_flags(const Op& op) {
    return info(op.code).result == ResultKind::F;
}

}  // namespace kelvin::ir
