// SPDX-License-Identifier: Apache-2.0
// Two general registers as one memory access sees them: the first at the lower address.
#pragma once

#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

inline ir::Value make_pair(Lifter& t, Sf sf, Reg first, Reg second) {
    const ir::Lane lane = sf.value != 0 ? ir::Lane::d : ir::Lane::s;
    const ir::Value low = t.ir.vector(ir::Opcode::vfrom_gpr, lane, t.get(first));
    const ir::Value pair = t.ir.vector(ir::Opcode::vinsert_gpr, lane, low, t.get(second), ir::kNoValue, 1);
    return t.vendian(pair, static_cast<unsigned>(lane));
}

inline void split_pair(Lifter& t, Sf sf, ir::Value pair, Reg first, Reg second) {
    const ir::Lane lane = sf.value != 0 ? ir::Lane::d : ir::Lane::s;
    const ir::Value elements = t.vendian(pair, static_cast<unsigned>(lane));
    t.set(first, t.ir.vextract(sf.type(), lane, elements, 0));
    t.set(second, t.ir.vextract(sf.type(), lane, elements, 1));
}

}  // namespace kelvin::arm64
