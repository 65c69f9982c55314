// SPDX-License-Identifier: Apache-2.0
// The emitters, one for each op that has an inline form; lower_table.cpp says which op has which.
#pragma once

#include "emit/x64/emitter.h"

namespace kelvin::x64::lower {

using ir::index;

void add(Emitter& e);
void sub(Emitter& e);
void and_(Emitter& e);
void or_(Emitter& e);
void xor_(Emitter& e);
void andn(Emitter& e);
void adc(Emitter& e);
void sbc(Emitter& e);
void adc_flags(Emitter& e);
void sbc_flags(Emitter& e);
void mul(Emitter& e);
void umulh(Emitter& e);
void smulh(Emitter& e);
void udiv(Emitter& e);
void sdiv(Emitter& e);
void neg(Emitter& e);
void not_(Emitter& e);
void bswap(Emitter& e);
void bswap32(Emitter& e);
void shl(Emitter& e);
void shr(Emitter& e);
void sar(Emitter& e);
void ror(Emitter& e);
void extract_pair(Emitter& e);
void ubfx(Emitter& e);
void sbfx(Emitter& e);
void bfi(Emitter& e);
void clz(Emitter& e);
void ctz(Emitter& e);
void cls(Emitter& e);
void rbit(Emitter& e);
void bswap16(Emitter& e);
void crc32c(Emitter& e);
void select(Emitter& e);
void cond_set(Emitter& e);
void sub_flags(Emitter& e);
void add_flags(Emitter& e);
void logic_flags(Emitter& e);
void flags_from_nzcv(Emitter& e);
void nzcv_from_flags(Emitter& e);
void select_flags(Emitter& e);
void load(Emitter& e);
void vload(Emitter& e);
void store(Emitter& e);
void vstore(Emitter& e);
void load_exclusive(Emitter& e);
void vload_exclusive(Emitter& e);
void store_exclusive(Emitter& e);
void vstore_exclusive(Emitter& e);
void clear_exclusive(Emitter& e);
void atomic_rmw(Emitter& e);
void atomic_cas(Emitter& e);
void vatomic_cas(Emitter& e);
void fence(Emitter& e);
void page_address(Emitter& e);
void load_field(Emitter& e);
void store_field(Emitter& e);
void call(Emitter& e);
void jump(Emitter& e);
void branch(Emitter& e);
void branch_zero(Emitter& e);
void branch_bit(Emitter& e);
void exit_direct(Emitter& e);
void exit_indirect(Emitter& e);
void exit_state(Emitter& e);

void constant(Emitter& e);
void vconstant(Emitter& e);
void nothing(Emitter& e);
/// Any op of values only: evaluated by C++.
void fallback(Emitter& e);

}  // namespace kelvin::x64::lower
