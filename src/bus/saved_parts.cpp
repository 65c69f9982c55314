// SPDX-License-Identifier: Apache-2.0
#include "bus/saved_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "state/saved_state.h"

namespace kelvin::bus {

namespace {

std::string title(const std::string& type, const std::string& name) {
    return fmt::format("{} at '{}'", type, name);
}

Result<> require_savable(std::span<const Part> parts) {
    std::vector<std::string> others;
    for (const Part& part : parts) {
        if (part.savable == nullptr) {
            others.push_back(title(part.type, part.name));
        }
    }
    if (!others.empty()) {
        return user_error(fmt::format("the state of these devices cannot be saved: {}", fmt::join(others, ", ")),
                          "start the machine without them");
    }
    return ok();
}

Result<> require_same(std::span<const Part> parts, std::span<const state::Section> sections) {
    for (std::size_t index = 0; index < std::max(parts.size(), sections.size()); ++index) {
        const std::string here =
            index < parts.size() ? title(parts[index].type, parts[index].name) : std::string("nothing more");
        const std::string there =
            index < sections.size() ? title(sections[index].type, sections[index].name) : std::string("nothing more");
        if (here != there) {
            return user_error(fmt::format("the saved machine has {} where this one has {}", there, here),
                              "start it with the same devices, in the same order and places");
        }
    }
    return ok();
}

}  // namespace

Result<std::vector<state::Section>> save_parts(std::span<const Part> parts) {
    KELVIN_TRY(require_savable(parts));
    for (const Part& part : parts) {
        part.savable->quiesce();
    }
    std::vector<state::Section> sections;
    for (const Part& part : parts) {
        auto saved = part.savable->save();
        if (!saved) {
            return state::in_front(title(part.type, part.name), saved.error());
        }
        sections.push_back({part.name, part.type, std::move(*saved)});
    }
    return sections;
}

Result<> load_parts(std::span<const Part> parts, std::span<const state::Section> sections) {
    KELVIN_TRY(require_savable(parts));
    KELVIN_TRY(require_same(parts, sections));
    for (std::size_t index = 0; index < parts.size(); ++index) {
        if (const auto loaded = parts[index].savable->load(sections[index].state); !loaded) {
            return state::in_front(title(parts[index].type, parts[index].name), loaded.error());
        }
    }
    return ok();
}

}  // namespace kelvin::bus
