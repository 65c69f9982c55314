// SPDX-License-Identifier: Apache-2.0
#include "exercise/saved_damage.h"

namespace kelvin::exercise {

namespace {

void collect_leaves(state::Json& value, std::vector<state::Json*>& leaves) {
    if (!value.is_structured()) {
        leaves.push_back(&value);
        return;
    }
    for (state::Json& inner : value) {
        collect_leaves(inner, leaves);
    }
}

}  // namespace

void damage(std::vector<state::Section>& sections, Random& random, u64 address) {
    std::vector<state::Json*> leaves;
    for (state::Section& section : sections) {
        collect_leaves(section.state, leaves);
    }
    state::Json& leaf = *leaves[random.below(leaves.size())];
    if (leaf.is_boolean()) {
        leaf = !leaf.get<bool>();
    } else if (leaf.is_number()) {
        leaf = random.number(address) >> (8 * random.below(8));
    } else {
        leaf = random.one_in(2) ? state::Json(7) : state::Json("x");
    }
}

}  // namespace kelvin::exercise
