// SPDX-License-Identifier: Apache-2.0
// Where linear addresses lead (SDM volume 3, chapter 4).
#pragma once

#include <optional>

#include "cpu/x86/state.h"
#include "memory/dma.h"

namespace kelvin::x86 {

/// What of a processor's state decides how addresses are translated.
struct Paging {
    u64 cr0 = 0;
    u64 cr3 = 0;
    u64 cr4 = 0;
    u64 efer = 0;
};

/// The physical address; nothing where no page is. Permissions are not looked at, and nothing is marked as accessed:
/// for whoever looks at a guest from outside.
std::optional<Gpa> walk_pages(const Paging& paging, const memory::Dma& memory, Gva linear);

}  // namespace kelvin::x86
