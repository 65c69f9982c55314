// SPDX-License-Identifier: Apache-2.0
#include "control/input_sender.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <ranges>
#include <string>
#include <utility>

#include "backend/input/key_names.h"
#include "base/nearest_name.h"
#include "state/options.h"

namespace kelvin::control {

namespace {

using backend::Button;
using state::Json;

/// {"type": T, "data": ...}: how QAPI writes one of several things.
struct Tagged {
    std::string type;
    Json data;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("type", type, "which kind it is");
        visit("data", data, "what there is to say of that kind");
    }
};

Result<Tagged> read_tagged(std::string_view what, const Json& json) {
    if (!json.is_object()) {
        return user_error(fmt::format("{}: not an object with type and data", what));
    }
    Tagged tagged;
    KELVIN_TRY(state::read_options(what, json, tagged));
    return tagged;
}

struct KeyEvent {
    bool down = false;
    Json key;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("down", down, "");
        visit("key", key, "");
    }
};

struct ButtonEvent {
    bool down = false;
    std::string button;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("down", down, "");
        visit("button", button, "");
    }
};

struct AxisEvent {
    std::string axis;
    i64 value = 0;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("axis", axis, "");
        visit("value", value, "");
    }
};

struct ButtonName {
    std::string_view name;
    std::optional<Button> button;  ///< none: a click of the wheel
    i32 turn = 0;
};
constexpr auto kButtons = std::to_array<ButtonName>({
    {"left", Button::left},
    {"middle", Button::middle},
    {"right", Button::right},
    {"side", Button::side},
    {"extra", Button::extra},
    {"wheel-up", {}, -1},
    {"wheel-down", {}, 1},
});

Result<ButtonName> find_button(std::string_view name) {
    const auto found = std::ranges::find(kButtons, name, &ButtonName::name);
    if (found != kButtons.end()) {
        return *found;
    }
    std::vector<std::string_view> names;
    std::ranges::transform(kButtons, std::back_inserter(names), &ButtonName::name);
    return user_error(fmt::format("there is no button '{}'{}", name, did_you_mean(name, names)));
}

/// What one event does, when all have been read.
using Act = std::function<void()>;

Result<Act> read_key_event(backend::Input& input, const Json& data) {
    KeyEvent event;
    KELVIN_TRY(state::read_options("key", data, event));
    const u16 code = KELVIN_TRY(read_key(event.key));
    return Act([&input, code, down = event.down] { input.key(code, down); });
}

Result<Act> read_button_event(backend::Input& input, const Json& data) {
    ButtonEvent event;
    KELVIN_TRY(state::read_options("btn", data, event));
    const ButtonName button = KELVIN_TRY(find_button(event.button));
    return Act([&input, button, down = event.down] {
        if (button.button) {
            input.button(*button.button, down);
        } else if (down) {
            input.turn(button.turn);
        }
    });
}

struct AxisValue {
    bool is_x;
    i64 value;
};
Result<AxisValue> read_axis_event(const Json& data, i64 least, i64 most) {
    AxisEvent event;
    KELVIN_TRY(state::read_options("axis", data, event));
    if (event.axis != "x" && event.axis != "y") {
        return user_error(fmt::format("there is no axis '{}'", event.axis), "the axes are x and y");
    }
    if (event.value < least || event.value > most) {
        return user_error(fmt::format("{} is too far for axis {}", event.value, event.axis),
                          fmt::format("it goes from {} to {}", least, most));
    }
    return AxisValue{event.axis == "x", event.value};
}

constexpr i64 kFarthestMove = 1 << 20;

Result<std::vector<i64>> read_numbers(std::string_view text, std::size_t least, std::size_t most,
                                      std::string_view cure) {
    std::vector<i64> numbers;
    for (const auto& word : std::views::split(text, ' ')) {
        if (word.empty()) {
            continue;
        }
        i64 number = 0;
        const char* const end = word.data() + word.size();
        const auto [stop, error] = std::from_chars(word.data(), end, number);
        if (error != std::errc() || stop != end || number < -kFarthestMove || number > kFarthestMove) {
            return user_error(fmt::format("'{}' is no number that fits here", std::string_view(word)),
                              std::string(cure));
        }
        numbers.push_back(number);
    }
    if (numbers.size() < least || numbers.size() > most) {
        return user_error(fmt::format("{} numbers were given", numbers.size()), std::string(cure));
    }
    return numbers;
}

}  // namespace

Result<u16> read_key(const Json& json) {
    const Tagged key = KELVIN_TRY(read_tagged("a key", json));
    if (key.type == "qcode" && key.data.is_string()) {
        return backend::find_key(key.data.get<std::string>());
    }
    if (key.type == "number" && key.data.is_number_integer()) {
        return backend::find_key(key.data.get<i64>());
    }
    return user_error(R"(a key is {"type": "qcode", "data": "a"} or {"type": "number", "data": 30})");
}

Result<> InputSender::press(std::vector<u16> keys, Milliseconds hold) {
    if (keys.empty()) {
        return user_error("no key was named", "ctrl-alt-delete is three keys");
    }
    if (hold < Milliseconds(1) || hold > kLongestHold) {
        return user_error(fmt::format("keys cannot be held for {} ms", hold.count()),
                          fmt::format("from 1 to {} ms", kLongestHold.count()));
    }
    if (waiting_.size() >= kMostWaiting) {
        return user_error("too many keys wait to be pressed", "wait for a moment, or hold each for a shorter time");
    }
    waiting_.push_back({std::move(keys), hold});
    if (waiting_.size() == 1) {
        begin();
    }
    return ok();
}

void InputSender::begin() {
    for (const u16 key : waiting_.front().keys) {
        input_.key(key, true);
        input_.end_of_frame();
    }
    const auto hold = std::chrono::nanoseconds(waiting_.front().hold);
    loop_.post(call_method<&InputSender::end, InputSender>, this, hold.count());
}

void InputSender::end() {
    for (const u16 key : std::views::reverse(waiting_.front().keys)) {
        input_.key(key, false);
        input_.end_of_frame();
    }
    waiting_.pop_front();
    if (!waiting_.empty()) {
        begin();
    }
}

Result<> InputSender::send_keys(std::string_view text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::vector<u16> keys = KELVIN_TRY(backend::read_keys(text.substr(0, end)));
    const std::vector<i64> hold = KELVIN_TRY(read_numbers(text.substr(end), 0, 1, "sendkey KEYS [MILLISECONDS]"));
    return press(std::move(keys), hold.empty() ? kUsualHold : Milliseconds(hold.front()));
}

Result<> InputSender::send_events(const Json& events) {
    if (!events.is_array()) {
        return user_error("events: not a list of events");
    }
    std::vector<Act> acts;
    std::optional<u16> x;
    std::optional<u16> y;
    for (const Json& json : events) {
        const Tagged event = KELVIN_TRY(read_tagged("an event", json));
        if (event.type == "key") {
            acts.push_back(KELVIN_TRY(read_key_event(input_, event.data)));
        } else if (event.type == "btn") {
            acts.push_back(KELVIN_TRY(read_button_event(input_, event.data)));
        } else if (event.type == "rel") {
            const AxisValue by = KELVIN_TRY(read_axis_event(event.data, -kFarthestMove, kFarthestMove));
            const i32 value = static_cast<i32>(by.value);
            acts.push_back([this, by, value] { input_.move(by.is_x ? value : 0, by.is_x ? 0 : value); });
        } else if (event.type == "abs") {
            const AxisValue at = KELVIN_TRY(read_axis_event(event.data, 0, backend::InputReceiver::kFarthest));
            (at.is_x ? x : y) = static_cast<u16>(at.value);
        } else {
            return user_error(fmt::format("there are no events of type '{}'", event.type),
                              "key, btn, rel and abs are there");
        }
    }
    if (x || y) {
        x_ = x.value_or(x_);
        y_ = y.value_or(y_);
        // A mouse follows in steps of the finest screen.
        input_.place(x_, y_, backend::InputReceiver::kFarthest, backend::InputReceiver::kFarthest);
    }
    for (const Act& act : acts) {
        act();
    }
    input_.end_of_frame();
    return ok();
}

Result<> InputSender::move_mouse(std::string_view text) {
    const std::vector<i64> by = KELVIN_TRY(read_numbers(text, 2, 3, "mouse_move RIGHT DOWN [WHEEL]"));
    input_.move(static_cast<i32>(by[0]), static_cast<i32>(by[1]));
    if (by.size() == 3) {
        input_.turn(static_cast<i32>(by[2]));
    }
    input_.end_of_frame();
    return ok();
}

Result<> InputSender::set_buttons(std::string_view text) {
    constexpr Button kOrder[] = {Button::left, Button::middle, Button::right};
    const std::vector<i64> given = KELVIN_TRY(read_numbers(text, 1, 1, "mouse_button BUTTONS"));
    if (given[0] < 0 || given[0] > 7) {
        return user_error(fmt::format("there are no buttons {}", given[0]), "1 is left, 2 middle, 4 right; their sum");
    }
    const u64 wanted = static_cast<u64>(given[0]);
    for (unsigned index = 0; index < std::size(kOrder); ++index) {
        if (((wanted ^ buttons_) >> index & 1) != 0) {
            input_.button(kOrder[index], (wanted >> index & 1) != 0);
        }
    }
    buttons_ = wanted;
    input_.end_of_frame();
    return ok();
}

}  // namespace kelvin::control
