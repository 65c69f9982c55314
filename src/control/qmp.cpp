// SPDX-License-Identifier: Apache-2.0
#include "control/qmp.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/nearest_name.h"
#include "state/options.h"

namespace kelvin::control {

namespace {

using state::Json;

/// A client cannot make Kelvin hold more than this of a command that does not end.
constexpr std::size_t kLongestCommand = std::size_t{4} << 20;

Json error_reply(std::string_view kind, std::string_view text) {
    return {{"error", {{"class", kind}, {"desc", text}}}};
}

struct NoArguments {
    template <class Visitor>
    void fields(Visitor&) {}
};

struct HumanCommand {
    std::string line;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("command-line", line, "a command of the monitor");
    }
};

struct DeviceId {
    std::string id;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the device's name");
    }
};

struct Command {
    std::string_view name;
    Result<Json> (*run)(QmpTarget& target, const Json& arguments);
};

template <class Arguments, Result<Json> (*Run)(QmpTarget&, const Arguments&)>
constexpr Command command(std::string_view name) {
    return {name, [](QmpTarget& target, const Json& given) -> Result<Json> {
                Arguments arguments;
                KELVIN_TRY(state::read_options("the command", given, arguments));
                return Run(target, arguments);
            }};
}

template <void (MonitorTarget::*Method)()>
Result<Json> act(QmpTarget& target, const NoArguments&) {
    (target.machine().*Method)();
    return Json::object();
}

Json version() {
    return {{"qemu", {{"major", 10}, {"minor", 0}, {"micro", 2}}}, {"package", "kelvin " KELVIN_VERSION}};
}

Result<Json> query_version(QmpTarget&, const NoArguments&) {
    return version();
}

Result<Json> query_status(QmpTarget& target, const NoArguments&) {
    const std::string_view state = target.run_state();
    return Json{{"running", state == "running"}, {"status", state}};
}

Result<Json> query_name(QmpTarget& target, const NoArguments&) {
    const std::string name = target.machine_name();
    return name.empty() ? Json::object() : Json{{"name", name}};
}

Result<Json> query_kvm(QmpTarget&, const NoArguments&) {
    return Json{{"enabled", false}, {"present", false}};
}

Result<Json> query_target(QmpTarget&, const NoArguments&) {
    return Json{{"arch", "aarch64"}};
}

Result<Json> query_characters(QmpTarget& target, const NoArguments&) {
    Json list = Json::array();
    for (const backend::CharacterEntry& entry : target.characters()) {
        list.push_back({{"label", entry.id}, {"filename", entry.description}, {"frontend-open", entry.front_open}});
    }
    return list;
}

Result<Json> human_command(QmpTarget& target, const HumanCommand& arguments) {
    return Json(Monitor(target.machine()).execute(arguments.line));
}

/// Its arguments are the device's own options.
Result<Json> device_add(QmpTarget& target, const Json& arguments) {
    KELVIN_TRY(target.device_add(state::to_text(arguments)));
    return Json::object();
}

Result<Json> device_del(QmpTarget& target, const DeviceId& arguments) {
    KELVIN_TRY(target.device_del(arguments.id));
    return Json::object();
}

Result<Json> query_commands(QmpTarget&, const NoArguments&);

constexpr auto kCommands = std::to_array<Command>({
    command<NoArguments, act<&MonitorTarget::cont>>("cont"),
    Command{"device_add", device_add},
    command<DeviceId, device_del>("device_del"),
    command<NoArguments, act<&MonitorTarget::quit>>("quit"),
    command<NoArguments, act<&MonitorTarget::stop>>("stop"),
    command<NoArguments, act<&MonitorTarget::system_powerdown>>("system_powerdown"),
    command<NoArguments, act<&MonitorTarget::system_reset>>("system_reset"),
    command<HumanCommand, human_command>("human-monitor-command"),
    command<NoArguments, query_characters>("query-chardev"),
    command<NoArguments, query_commands>("query-commands"),
    command<NoArguments, query_kvm>("query-kvm"),
    command<NoArguments, query_name>("query-name"),
    command<NoArguments, query_status>("query-status"),
    command<NoArguments, query_target>("query-target"),
    command<NoArguments, query_version>("query-version"),
});

constexpr std::string_view kNegotiate = "qmp_capabilities";

Result<Json> query_commands(QmpTarget&, const NoArguments&) {
    Json list = Json::array({Json{{"name", kNegotiate}}});
    for (const Command& one : kCommands) {
        list.push_back({{"name", one.name}});
    }
    return list;
}

}  // namespace

QmpSession::QmpSession(backend::CharacterBackend& line, QmpTarget& target) : line_(line), target_(target) {
    line_.set_receiver(this);
}

QmpSession::~QmpSession() {
    line_.set_receiver(nullptr);
}

void QmpSession::connected() {
    if (phase_ == Phase::absent) {
        phase_ = Phase::negotiating;
        text_.clear();
        too_long_ = false;
        send({{"QMP", {{"version", version()}, {"capabilities", Json::array()}}}});
    }
}

size_t QmpSession::space() {
    return kLongestCommand;
}

void QmpSession::receive(std::span<const u8> bytes) {
    for (const u8 byte : bytes) {
        if (byte == '\n') {
            take_line();
        } else if (text_.size() < kLongestCommand) {
            text_ += static_cast<char>(byte);
        } else {
            too_long_ = true;
        }
    }
}

void QmpSession::take_line() {
    const std::string line = std::exchange(text_, {});
    if (std::exchange(too_long_, false)) {
        send(error_reply("GenericError", fmt::format("a command has {} bytes at most", kLongestCommand)));
        return;
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
        return;
    }
    const auto request = state::parse_json(line);
    send(request ? answer(*request) : error_reply("GenericError", request.error().message()));
}

Json QmpSession::answer(const Json& request) {
    if (!request.is_object()) {
        return error_reply("GenericError", "a command is an object: {\"execute\":\"query-status\"}");
    }
    Json arguments = Json::object();
    std::string name;
    Json reply;
    for (const auto& [key, value] : request.items()) {
        if (key == "arguments" && value.is_object()) {
            arguments = value;
        } else if (key == "execute" && value.is_string()) {
            name = value.get<std::string>();
        } else if (key != "id") {
            reply = error_reply("GenericError", fmt::format("'{}' does not belong into a command", key));
        }
    }
    if (reply.is_null()) {
        reply =
            name.empty() ? error_reply("GenericError", "a command is named by \"execute\"") : execute(name, arguments);
    }
    if (const auto id = request.find("id"); id != request.end()) {
        reply["id"] = *id;
    }
    return reply;
}

Json QmpSession::execute(const std::string& name, const Json& arguments) {
    if (name == kNegotiate) {
        const auto enabled = arguments.find("enable");
        if (phase_ != Phase::negotiating) {
            return error_reply("CommandNotFound", "the capabilities have been negotiated already");
        }
        if (enabled != arguments.end() && !enabled->empty()) {
            return error_reply("GenericError", "there are no capabilities to enable");
        }
        phase_ = Phase::ready;
        return {{"return", Json::object()}};
    }
    if (phase_ != Phase::ready) {
        return error_reply("CommandNotFound", "the first command has to be qmp_capabilities");
    }
    const auto found = std::ranges::find(kCommands, name, &Command::name);
    if (found == kCommands.end()) {
        std::vector<std::string_view> names;
        std::ranges::transform(kCommands, std::back_inserter(names), &Command::name);
        return error_reply("CommandNotFound", fmt::format("there is no command {}{}", name, did_you_mean(name, names)));
    }
    const auto result = found->run(target_, arguments);
    return result ? Json{{"return", *result}} : error_reply("GenericError", result.error().message());
}

void QmpSession::emit(std::string_view event, const Json& data) {
    if (phase_ != Phase::ready) {
        return;
    }
    using namespace std::chrono;
    const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    Json message = {{"event", event}, {"timestamp", {{"seconds", now / 1'000'000}, {"microseconds", now % 1'000'000}}}};
    if (!data.is_null()) {
        message["data"] = data;
    }
    send(message);
}

void QmpSession::send(const Json& message) {
    const std::string text = state::to_text(message) + "\r\n";
    line_.write({reinterpret_cast<const u8*>(text.data()), text.size()});
}

}  // namespace kelvin::control
