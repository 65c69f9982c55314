// SPDX-License-Identifier: Apache-2.0
#include "state/json.h"

#include <fmt/format.h>

namespace kelvin::state {

Result<Json> parse_json(std::string_view text) {
    bool too_deep = false;
    const auto limit_depth = [&](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > static_cast<int>(kMaxJsonDepth);
        return !too_deep;
    };
    try {
        Json value = Json::parse(text.begin(), text.end(), limit_depth);
        if (too_deep) {
            return user_error(fmt::format("the JSON text is nested deeper than {} levels", kMaxJsonDepth));
        }
        return value;
    } catch (const Json::parse_error& error) {
        return user_error(fmt::format("this is not JSON at byte {}", error.byte));
    } catch (const Json::exception& error) {
        return user_error(fmt::format("this JSON cannot be read: {}", error.what()));
    }
}

std::string to_text(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kelvin::state
