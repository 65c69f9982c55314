// SPDX-License-Identifier: Apache-2.0
// The emitters, one for each op that has an inline form: emitters.def lists them.
#pragma once

#include "emit/x64/emitter.h"

namespace kelvin::x64::lower {

using ir::index;

#define EMITTER(op) void op(Emitter& e);
#include "emit/x64/emitters.def"
#undef EMITTER

void nothing(Emitter& e);
/// Any op of values only: evaluated by C++.
void fallback(Emitter& e);

/// For an op of one operand: copies it to the result, which `apply` changes in place.
template <class Apply>
void in_place(Emitter& e, Apply apply) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const Gpr source = e.use(op.a);
    const Gpr result = e.define_over(source);
    if (result != source) {
        e.a.mov(w, result, source);
    }
    apply(w, result);
}

}  // namespace kelvin::x64::lower
