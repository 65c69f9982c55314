// SPDX-License-Identifier: Apache-2.0
#include "differential/rules.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/bits.h"

namespace kelvin::differential {

namespace {

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> fields;
    for (std::size_t start = 0; start <= line.size();) {
        const std::size_t end = std::min(line.find('|', start), line.size());
        std::string field = line.substr(start, end - start);
        field.erase(0, field.find_first_not_of(' '));
        field.erase(field.find_last_not_of(' ') + 1);
        fields.push_back(std::move(field));
        start = end + 1;
    }
    return fields;
}

u32 number(const std::string& text, int base) {
    return static_cast<u32>(std::strtoul(text.c_str(), nullptr, base));
}

u32 register_field(u32 word, unsigned low) {
    return (word >> low) & 31;
}

}  // namespace

bool Rules::add(const std::vector<std::string>& fields) {
    const std::string& kind = fields[0];
    if (kind == "exclude" && fields.size() == 3) {
        entries_[fields[1]].excluded = true;
    } else if (kind == "undefined" && fields.size() == 3) {
        entries_[fields[1]].undefined = true;
    } else if (kind == "first" && fields.size() == 3) {
        entries_[fields[1]].first = true;
    } else if (kind == "only" && fields.size() == 5) {
        entries_[fields[1]].only.push_back({number(fields[2], 16), number(fields[3], 16)});
    } else if (kind == "avoid" && fields.size() == 5) {
        entries_[fields[1]].avoid.push_back({number(fields[2], 16), number(fields[3], 16)});
    } else if (kind == "differ" && fields.size() == 5) {
        entries_[fields[1]].differ.push_back({number(fields[2], 10), number(fields[3], 10)});
    } else if (kind == "fpsr" && fields.size() == 4 && fields[1] == "compiled") {
        compiled_fpsr_ |= number(fields[2], 16);
    } else if (kind == "fpsr" && fields.size() == 4 && fields[1] == "flushing") {
        flushing_fpsr_ |= number(fields[2], 16);
    } else {
        return false;
    }
    return true;
}

Result<Rules> Rules::read(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        return user_error("cannot read " + path);
    }
    Rules rules;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line[0] != '#' && !rules.add(split(line))) {
            return user_error(path + ": not a rule: " + line);
        }
    }
    return rules;
}

std::string Rules::unknown_name(const std::vector<const arm64::Instruction*>& entries) const {
    for (const auto& [name, rule] : entries_) {
        if (std::ranges::none_of(entries, [&](const arm64::Instruction* entry) { return entry->name == name; })) {
            return name;
        }
    }
    return {};
}

const Rules::Entry* Rules::find(const arm64::Instruction& entry) const {
    const auto found = entries_.find(entry.name);
    return found == entries_.end() ? nullptr : &found->second;
}

bool Rules::excluded(const arm64::Instruction& entry) const {
    const Entry* rule = find(entry);
    return rule != nullptr && rule->excluded;
}

bool Rules::undefined(const arm64::Instruction& entry) const {
    const Entry* rule = find(entry);
    return rule != nullptr && rule->undefined;
}

bool Rules::only_first(const arm64::Instruction& entry) const {
    const Entry* rule = find(entry);
    return rule != nullptr && rule->first;
}

u32 Rules::constrain(const arm64::Instruction& entry, u32 word, u64 choice) const {
    const Entry* rule = find(entry);
    if (rule == nullptr || rule->only.empty()) {
        return word;
    }
    const Pattern& pattern = rule->only[choice % rule->only.size()];
    return (word & ~pattern.mask) | pattern.value;
}

bool Rules::allowed(const arm64::Instruction& entry, u32 word) const {
    const Entry* rule = find(entry);
    if (rule == nullptr) {
        return true;
    }
    if (std::ranges::any_of(rule->avoid, [&](const Pattern& p) { return (word & p.mask) == p.value; })) {
        return false;
    }
    return !rule->excluded && std::ranges::none_of(rule->differ, [&](const Fields& fields) {
        return register_field(word, fields.first) == register_field(word, fields.second);
    });
}

}  // namespace kelvin::differential
