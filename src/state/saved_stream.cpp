// SPDX-License-Identifier: Apache-2.0
#include "state/saved_stream.h"

#include <fmt/format.h>
#include <zlib.h>

#include "state/saved_state.h"

namespace kelvin::state {

namespace {

constexpr std::string_view kKind = "kelvin-state";
constexpr u32 kFormat = 1;

/// Of text that nlohmann's objects always give in the same order. It finds accidents; it is no signature.
u32 checksum(const Json& sections) {
    const std::string text = to_text(sections);
    return static_cast<u32>(::crc32_z(0, reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

Result<Section> read_section(const Json& value) {
    if (!value.is_object() || value.size() != 3 || !value.contains("name") || !value.contains("type") ||
        !value.contains("state")) {
        return detail::unfit(value, "an object of name, type and state");
    }
    Section section;
    section.name = KELVIN_TRY(detail::load_text(value["name"]));
    section.type = KELVIN_TRY(detail::load_text(value["type"]));
    section.state = value["state"];
    return section;
}

}  // namespace

std::string write_stream(std::span<const Section> sections) {
    Json list = Json::array();
    for (const Section& section : sections) {
        list.push_back({{"name", section.name}, {"type", section.type}, {"state", section.state}});
    }
    const u32 sum = checksum(list);
    return to_text({{"format", kFormat}, {"kind", kKind}, {"sections", std::move(list)}, {"checksum", sum}});
}

Result<std::vector<Section>> read_stream(std::string_view text) {
    auto parsed = parse_json(text);
    if (!parsed) {
        return in_front("saved state: ", parsed.error());
    }
    const Json& stream = *parsed;
    if (!stream.is_object() || stream.value("kind", Json()) != kKind) {
        return user_error(fmt::format("this is no saved state: \"kind\": \"{}\" is not in it", kKind));
    }
    if (stream.value("format", Json()) != kFormat) {
        return user_error(fmt::format("saved state has format {}; {} is what is known",
                                      to_text(stream.value("format", Json())), kFormat));
    }
    const Json& sections = stream.value("sections", Json());
    if (stream.size() != 4 || !sections.is_array()) {
        return user_error("saved state has no list of sections and checksum");
    }
    if (stream.value("checksum", Json()) != checksum(sections)) {
        return user_error("saved state was changed since it was written: its checksum is another");
    }
    std::vector<Section> all;
    for (std::size_t index = 0; index < sections.size(); ++index) {
        auto section = read_section(sections[index]);
        if (!section) {
            return in_front(fmt::format("saved state, section {}", index), section.error());
        }
        all.push_back(std::move(*section));
    }
    return all;
}

}  // namespace kelvin::state
