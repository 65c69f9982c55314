// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/backend.h"

namespace kelvin::x64 {

Backend::Backend(const ir::GuestDesc& guest, const RuntimeCalls& calls, CodeBuffer stubs, const HostFeatures& features)
    : pins_(guest), stubs_(stubs, pins_, calls, features), emitter_(pins_, stubs_) {}

CompiledRegion Backend::compile(const ir::Region& region, CodeBuffer buffer, u32 first_link) {
    emitter_.emit(region, buffer, first_link);
    if (emitter_.a.overflowed()) {
        return {};
    }
    return {static_cast<std::size_t>(emitter_.a.cursor() - buffer.write), emitter_.links()};
}

}  // namespace kelvin::x64
