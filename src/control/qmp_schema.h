// SPDX-License-Identifier: Apache-2.0
// What query-qmp-schema answers: every command, event and type, as QAPI's introspection describes them.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "state/json.h"
#include "state/options.h"

namespace kelvin::control {

/// Types by their names; each method returns the name of what it has described. A name is described once.
class QmpSchema {
  public:
    QmpSchema();

    /// `required` has the names of members that must be there, each followed by a space; all others are optional.
    std::string object(const std::string& name, const std::vector<state::OptionDescription>& members,
                       std::string_view required = {});
    std::string array(const std::string& element);
    std::string enumeration(const std::string& name, std::span<const std::string> values);
    /// An object whose member `tag` says which variant's members it has besides `common`.
    struct Variant {
        std::string name;
        std::vector<state::OptionDescription> members;
    };
    std::string variants(const std::string& name, const std::string& tag,
                         const std::vector<state::OptionDescription>& common, const std::vector<Variant>& of,
                         std::string_view required = {});

    void command(std::string_view name, const std::string& arguments, const std::string& result,
                 std::string_view feature);
    void event(std::string_view name, const std::vector<state::OptionDescription>& members);

    state::Json take() { return std::move(entries_); }

  private:
    bool is_new(const std::string& name) { return names_.insert(name).second; }
    state::Json members(const std::vector<state::OptionDescription>& from, std::string_view required);
    std::string member_type(const state::OptionDescription& member);

    state::Json entries_ = state::Json::array();
    std::set<std::string> names_;
};

/// An option's default as a value of its type; null: none.
state::Json qmp_default(const state::OptionDescription& option);

/// Of all commands and events.
state::Json qmp_schema();

}  // namespace kelvin::control
