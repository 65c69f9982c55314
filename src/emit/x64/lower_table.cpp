// SPDX-License-Identifier: Apache-2.0
// Which emitter each op has. An op that is not named is evaluated by C++.
#include <array>

#include "emit/x64/lower_vector.h"

namespace kelvin::x64 {

namespace {

constexpr auto kTable = [] {
    std::array<LowerFunction, static_cast<std::size_t>(IrOp::count)> table{};
    table.fill(&lower::fallback);
    const auto put = [&](IrOp op, LowerFunction function) { table[static_cast<std::size_t>(op)] = function; };
    put(IrOp::nop, &lower::nothing);
    put(IrOp::insn_start, &lower::nothing);
    put(IrOp::constant, &lower::constant);
    put(IrOp::vconstant, &lower::vconstant);
    put(IrOp::get, [](Emitter& e) { e.emit_get(); });
    put(IrOp::set, [](Emitter& e) { e.emit_set(); });
    put(IrOp::add, &lower::add);
    put(IrOp::sub, &lower::sub);
    put(IrOp::and_, &lower::and_);
    put(IrOp::or_, &lower::or_);
    put(IrOp::xor_, &lower::xor_);
    put(IrOp::andn, &lower::andn);
    put(IrOp::adc, &lower::adc);
    put(IrOp::sbc, &lower::sbc);
    put(IrOp::adc_flags, &lower::adc_flags);
    put(IrOp::sbc_flags, &lower::sbc_flags);
    put(IrOp::mul, &lower::mul);
    put(IrOp::umulh, &lower::umulh);
    put(IrOp::smulh, &lower::smulh);
    put(IrOp::udiv, &lower::udiv);
    put(IrOp::sdiv, &lower::sdiv);
    put(IrOp::neg, &lower::neg);
    put(IrOp::not_, &lower::not_);
    put(IrOp::bswap, &lower::bswap);
    put(IrOp::bswap32, &lower::bswap32);
    put(IrOp::shl, &lower::shl);
    put(IrOp::shr, &lower::shr);
    put(IrOp::sar, &lower::sar);
    put(IrOp::ror, &lower::ror);
    put(IrOp::extract_pair, &lower::extract_pair);
    put(IrOp::ubfx, &lower::ubfx);
    put(IrOp::sbfx, &lower::sbfx);
    put(IrOp::bfi, &lower::bfi);
    put(IrOp::clz, &lower::clz);
    put(IrOp::ctz, &lower::ctz);
    put(IrOp::cls, &lower::cls);
    put(IrOp::rbit, &lower::rbit);
    put(IrOp::bswap16, &lower::bswap16);
    put(IrOp::crc32c, &lower::crc32c);
    put(IrOp::select, &lower::select);
    put(IrOp::cond_set, &lower::cond_set);
    put(IrOp::sub_flags, &lower::sub_flags);
    put(IrOp::add_flags, &lower::add_flags);
    put(IrOp::logic_flags, &lower::logic_flags);
    put(IrOp::flags_from_nzcv, &lower::flags_from_nzcv);
    put(IrOp::nzcv_from_flags, &lower::nzcv_from_flags);
    put(IrOp::select_flags, &lower::select_flags);
    put(IrOp::load, &lower::load);
    put(IrOp::vload, &lower::vload);
    put(IrOp::store, &lower::store);
    put(IrOp::vstore, &lower::vstore);
    put(IrOp::load_exclusive, &lower::load_exclusive);
    put(IrOp::vload_exclusive, &lower::vload_exclusive);
    put(IrOp::store_exclusive, &lower::store_exclusive);
    put(IrOp::vstore_exclusive, &lower::vstore_exclusive);
    put(IrOp::clear_exclusive, &lower::clear_exclusive);
    put(IrOp::atomic_rmw, &lower::atomic_rmw);
    put(IrOp::atomic_cas, &lower::atomic_cas);
    put(IrOp::vatomic_cas, &lower::vatomic_cas);
    put(IrOp::fence, &lower::fence);
    put(IrOp::page_address, &lower::page_address);
    put(IrOp::load_field, &lower::load_field);
    put(IrOp::store_field, &lower::store_field);
    put(IrOp::call, &lower::call);
    put(IrOp::jump, &lower::jump);
    put(IrOp::branch, &lower::branch);
    put(IrOp::branch_zero, &lower::branch_zero);
    put(IrOp::branch_bit, &lower::branch_bit);
    put(IrOp::exit_direct, &lower::exit_direct);
    put(IrOp::exit_indirect, &lower::exit_indirect);
    put(IrOp::exit_state, &lower::exit_state);
#define KELVIN_PUT(name) put(IrOp::name, &lower::name);
    KELVIN_EMITTERS(KELVIN_PUT)
#undef KELVIN_PUT
    return table;
}();

}  // namespace

LowerFunction lower_function(IrOp code) {
    return kTable[static_cast<std::size_t>(code)];
}

}  // namespace kelvin::x64
