// SPDX-License-Identifier: Apache-2.0
// QMP: what a person does with keyboard and pointer.
#include <array>

#include "control/input_sender.h"
#include "control/qmp_command.h"

namespace kelvin::control {

namespace {

using state::Json;

struct SendKey {
    Json keys;
    std::optional<u64> hold_time;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("keys", keys, "the keys that are pressed together");
        visit("hold-time", hold_time, "for how many milliseconds; 100 if left out");
    }
};

Result<> send_key(QmpContext& context, const SendKey& arguments) {
    constexpr std::size_t kMostTogether = 16;
    if (!arguments.keys.is_array() || arguments.keys.size() > kMostTogether) {
        return user_error("keys: not a list of at most 16 keys");
    }
    std::vector<u16> keys;
    for (const Json& key : arguments.keys) {
        keys.push_back(KELVIN_TRY(read_key(key)));
    }
    const u64 hold = arguments.hold_time.value_or(static_cast<u64>(InputSender::kUsualHold.count()));
    const u64 most = static_cast<u64>(InputSender::kLongestHold.count());
    return context.target.input().press(std::move(keys), InputSender::Milliseconds(std::min(hold, most + 1)));
}

struct SendEvents {
    std::optional<std::string> device;
    std::optional<u64> head;
    Json events;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("device", device, "the screen that they are for; all screens have one keyboard and pointer");
        visit("head", head, "likewise");
        visit("events", events, "what happens at once");
    }
};

Result<> send_events(QmpContext& context, const SendEvents& arguments) {
    return context.target.input().send_events(arguments.events);
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<send_key>("send-key", "keys "),
    qmp_command<send_events>("input-send-event", "events "),
});

}  // namespace

std::span<const QmpCommand> qmp_input_commands() {
    return kCommands;
}

}  // namespace kelvin::control
