// SPDX-License-Identifier: Apache-2.0
#include "ir/region.h"

namespace kelvin::ir {

Type result_type(const Region& region, const Op& op) {
    switch (info(op.code).result) {
        case ResultKind::N:
            return Type::none;
        case ResultKind::I:
            return op.type;
        case ResultKind::V:
            return Type::v128;
        case ResultKind::F:
            return Type::flags;
        case ResultKind::S:
            return region.guest->slots[op.imm].type;
        case ResultKind::C:
            return region.calls[op.imm].helper->result;
    }
    return Type::none;
}

}  // namespace kelvin::ir
