// SPDX-License-Identifier: Apache-2.0
// -smbios: what the machine says it is.
#include <fmt/format.h>

#include <array>

#include "control/option_table.h"
#include "state/options.h"

namespace kelvin::control {

namespace {

constexpr auto kLists = std::to_array<std::string_view>({"value", "path"});

/// Of a type that is given twice each field that is given counts.
template <class T>
Result<> read(unsigned type, const state::Json& given, T& fields) {
    return state::read_options(fmt::format("-smbios type={}", type), given, fields);
}

template <class T>
Result<> read(unsigned type, const state::Json& given, std::optional<T>& fields) {
    return read(type, given, fields ? *fields : fields.emplace());
}

Result<> read_texts(vm::SmbiosSpec& spec, const state::Json& given) {
    firmware::SmbiosTexts texts;
    KELVIN_TRY(read(11, given, texts));
    auto& values = spec.tables.texts;
    values.insert(values.end(), texts.value.begin(), texts.value.end());
    spec.text_files.insert(spec.text_files.end(), texts.path.begin(), texts.path.end());
    return ok();
}

}  // namespace

Result<> apply_smbios(Draft& draft, const std::string& value) {
    vm::SmbiosSpec& spec = draft.line.spec.smbios;
    state::Json given = KELVIN_TRY(state::parse_options(value, "", kLists));
    if (const auto file = given.find("file"); file != given.end()) {
        if (given.size() != 1) {
            return user_error("file= brings a whole structure, of which nothing else can be said");
        }
        KELVIN_TRY(state::read_value(*file, spec.structure_files.emplace_back()));
        return ok();
    }
    const auto wanted = given.find("type");
    if (wanted == given.end()) {
        return user_error("it is not said of what", "type=N or file=FILE comes first");
    }
    const u64 type = KELVIN_TRY(state::read_unsigned(*wanted, 0xff));
    given.erase(wanted);
    switch (type) {
        case 0:
            return read(0, given, spec.tables.firmware);
        case 1:
            return read(1, given, spec.tables.system);
        case 2:
            return read(2, given, spec.tables.board);
        case 3:
            return read(3, given, spec.tables.chassis);
        case 4:
            return read(4, given, spec.tables.processor);
        case 11:
            return read_texts(spec, given);
        case 17:
            return read(17, given, spec.tables.memory);
        default:
            return user_error(fmt::format("structures of type {} cannot be described yet", type),
                              "types 0, 1, 2, 3, 4, 11 and 17 can; file=FILE brings any structure whole");
    }
}

}  // namespace kelvin::control
