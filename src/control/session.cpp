// SPDX-License-Identifier: Apache-2.0
#include "control/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>

#include "backend/char/output_backends.h"
#include "base/event_loop.h"
#include "control/character_text.h"
#include "control/device_text.h"
#include "control/gdbstub/stub.h"
#include "control/input_sender.h"
#include "control/machine_info.h"
#include "control/monitor.h"
#include "control/monitor_line.h"
#include "control/qmp_session.h"
#include "control/screens.h"
#include "control/silence_report.h"
#include "vm/arm64_platform.h"
#include "vm/vm.h"

namespace kelvin::control {

namespace {

/// How often a machine that waits for peers looks whether they are there.
constexpr i64 kPeersNs = 20'000'000;
constexpr int kSayPatienceMs = 200;

/// Unless nobody reads: a terminal that stalls must not keep the machine from its end.
void say(const std::string& text) {
    pollfd state = {STDERR_FILENO, POLLOUT, 0};
    if (::poll(&state, 1, kSayPatienceMs) <= 0) {
        return;
    }
    std::fprintf(stderr, "kelvin: %s\n", text.c_str());
}

/// Signals as events: no handler interrupts anything, and no other thread ever sees one.
Fd open_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT}) {
        ::sigaddset(&signals, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return Fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// The event loop's thread owns all of it.
class Session final : private backend::CharacterOwner, private vm::VmOwner, private MonitorTarget, private QmpTarget {
  public:
    Session(const vm::MachineSpec& spec, SessionHost& host) : spec_(spec), host_(host), monitor_(*this) {}
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Result<int> run();

  private:
    Result<> connect();
    Result<> write_device_tree();
    Result<> listen_for_debugger();
    void start_machine();
    void fail(const Error& error);
    void signalled();

    void quit_requested() override { loop_.stop(); }
    void terminal_changes(int descriptor) override { host_.terminal_changes(descriptor); }

    void machine_ended() override { loop_.stop(); }
    void machine_failed(const Error& error) override;

    void guest_switched_off() override;
    void guest_was_reset() override { emit("RESET", {{"guest", true}, {"reason", "guest-reset"}}); }
    void device_gone(const std::string& id) override;
    void device_event(const std::string& name, const state::Json& data) override { emit(name, data); }
    void disk_paused_machine() override { emit("STOP", {}); }

    void quit() override;
    void stop() override;
    void cont() override;
    void system_reset() override;
    void system_powerdown() override;
    Result<> device_add(const std::string& device) override { return vm_->add_device(KELVIN_TRY(read_device(device))); }
    Result<> device_del(const std::string& id) override { return vm_->remove_device(id); }
    Result<> balloon(const std::string& mebibytes) override;
    Result<> chardev_add(const std::string& device) override;
    Result<> chardev_remove(const std::string& id) override { return characters_.remove(id); }
    Result<> hostfwd_add(const std::string& network, const std::string& rule) override {
        return vm_->networks().add_forward(network, rule);
    }
    Result<> hostfwd_remove(const std::string& network, const std::string& rule) override {
        return vm_->networks().remove_forward(network, rule);
    }
    Result<> snapshot_blkdev(const std::string& id, const std::string& file) override {
        const vm::DriveSnapshot wanted{.drive = id, .file = file};
        return vm_->drives().snapshot({&wanted, 1});
    }
    Result<> set_password(const std::string& arguments) override {
        return set_vnc_password(*vm_, KELVIN_TRY(parse_password(arguments)));
    }
    Result<> screendump(const std::string& arguments) override {
        return dump_screen(*vm_, KELVIN_TRY(parse_screen_dump(arguments)));
    }
    Result<> sendkey(const std::string& keys) override { return input_->send_keys(keys); }
    Result<> mouse_move(const std::string& distance) override { return input_->move_mouse(distance); }
    Result<> mouse_button(const std::string& buttons) override { return input_->set_buttons(buttons); }
    Result<> eject(const std::string& id, bool force) override { return vm_->drives().eject({id, {}}, force); }
    Result<> change_medium(const std::string& id, const std::string& file, const std::string& format) override {
        vm::NewMedium wanted{file, {}};
        if (!format.empty()) {
            wanted.format.emplace();
            KELVIN_TRY(state::read_value(state::Json(format), *wanted.format));
        }
        return vm_->drives().change_medium({id, {}}, wanted, false);
    }
    Result<> set_link(const std::string& network, bool up) override { return vm_->networks().set_link(network, up); }
    std::string info(std::string_view topic, unsigned cpu, bool all) override {
        return describe_topic({*vm_, spec_, characters_, run_state()}, topic, cpu, all);
    }
    Error cannot_save() override { return why_not_saved(*vm_); }
    unsigned cpu_count() const override { return vm_->cpu_count(); }
    std::size_t read_memory(unsigned cpu, bool physical, u64 address, std::span<u8> out) override {
        return read_machine_memory(*vm_, cpu, physical, address, out);
    }
    std::optional<u64> read_register(unsigned cpu, std::string_view name) override {
        return read_machine_register(*vm_, cpu, name);
    }

    MonitorTarget& machine() override { return *this; }
    vm::Vm& vm() override { return *vm_; }
    const vm::MachineSpec& spec() const override { return spec_; }
    std::string_view run_state() const override;
    backend::CharacterDevices& characters() override { return characters_; }
    Descriptors& descriptors() override { return descriptors_; }
    InputSender& input() override { return *input_; }
    /// To every QMP client.
    void emit(std::string_view event, const state::Json& data);
    Result<> connect_monitors();

    const vm::MachineSpec& spec_;
    SessionHost& host_;
    Monitor monitor_;
    EventLoop loop_;
    Fd signals_;
    backend::CharacterDevices characters_{loop_, this};
    backend::NullBackend nobody_;
    backend::CharacterBackend* line_ = nullptr;  // the serial port's far end
    std::unique_ptr<SilenceWatch> serial_;
    Descriptors descriptors_;
    std::unique_ptr<vm::Vm> vm_;
    std::optional<InputSender> input_;
    std::optional<SilenceReport> silence_;
    std::unique_ptr<gdbstub::Stub> debugger_;
    std::vector<std::unique_ptr<QmpSession>> protocols_;
    std::vector<std::unique_ptr<MonitorLine>> monitors_;
    bool started_ = false;
    std::optional<Error> failure_;
    bool machine_failed_ = false;  // and stays for who can look at it, until it is reset
};

Session::~Session() {
    silence_.reset();
    debugger_.reset();
    protocols_.clear();
    monitors_.clear();
    input_.reset();
    vm_.reset();
    characters_.clear();
}

std::string_view Session::run_state() const {
    return vm_->is_running()          ? "running"
           : vm_->is_off()            ? (machine_failed_ ? "internal-error" : "shutdown")
           : vm_->is_paused_by_disk() ? "io-error"
           : started_                 ? "paused"
                                      : "prelaunch";
}

void Session::emit(std::string_view event, const state::Json& data) {
    for (const auto& protocol : protocols_) {
        protocol->emit(event, data);
    }
}

void Session::guest_switched_off() {
    emit("SHUTDOWN", {{"guest", true}, {"reason", "guest-shutdown"}});
    if (spec_.pause_on_shutdown) {
        emit("STOP", {});
    }
}

void Session::device_gone(const std::string& id) {
    emit("DEVICE_DELETED", {{"device", id}, {"path", "/machine/peripheral/" + id}});
}

void Session::quit() {
    emit("SHUTDOWN", {{"guest", false}, {"reason", "host-qmp-quit"}});
    loop_.stop();
}

void Session::stop() {
    if (vm_->is_running()) {
        vm_->pause();
        emit("STOP", {});
    }
}

void Session::cont() {
    if (!vm_->is_running() && !vm_->is_off() && !spec_.is_none) {
        started_ = true;
        vm_->resume();
        emit("RESUME", {});
    }
}

/// Whoever can look at the machine may do so: it stands still. Else there is nobody to wait for.
void Session::machine_failed(const Error& error) {
    if (spec_.monitors.empty() && !spec_.debugger) {
        return fail(error);
    }
    say(error.message());
    say("the machine is paused: system_reset starts it again");
    machine_failed_ = true;
    emit("STOP", {});
}

void Session::fail(const Error& error) {
    failure_ = error;
    loop_.stop();
}

void Session::system_reset() {
    machine_failed_ = false;
    vm_->reset();
    emit("RESET", {{"guest", false}, {"reason", "host-qmp-system-reset"}});
}

void Session::system_powerdown() {
    vm_->press_power_key();
    emit("POWERDOWN", {});
}

Result<> Session::connect_monitors() {
    for (const vm::MonitorSpec& monitor : spec_.monitors) {
        backend::CharacterBackend* const line =
            KELVIN_TRY(characters_.claim(monitor.character, "a monitor", backend::LineUse::monitor));
        if (monitor.is_protocol) {
            protocols_.push_back(std::make_unique<QmpSession>(*line, static_cast<QmpTarget&>(*this)));
        } else {
            monitors_.push_back(std::make_unique<MonitorLine>(*line, static_cast<MonitorTarget&>(*this)));
        }
    }
    return ok();
}

Result<> Session::balloon(const std::string& mebibytes) {
    const state::Json wanted(mebibytes);
    return vm_->balloon().set_target(KELVIN_TRY(state::read_unsigned(wanted, ~u64{0} >> 20)) << 20);
}

Result<> Session::chardev_add(const std::string& device) {
    const backend::CharacterSpec spec = KELVIN_TRY(read_character(device));
    return characters_.add(spec);
}

Result<> Session::connect() {
    for (const backend::CharacterSpec& character : spec_.characters) {
        KELVIN_TRY(characters_.add(character));
    }
    for (const backend::CharacterEntry& entry : characters_.list()) {
        if (entry.description.starts_with("pty:")) {
            say(fmt::format("note: the character device '{}' is {}", entry.id, entry.description.substr(4)));
        }
    }
    line_ = spec_.serial.empty() ? &nobody_ : KELVIN_TRY(characters_.claim(spec_.serial, "the serial port"));
    return ok();
}

Result<> Session::write_device_tree() {
    const std::vector<u8> tree = KELVIN_TRY(vm::device_tree_of(spec_));
    const std::string& path = spec_.dump_device_tree;
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file || ::write(file.get(), tree.data(), tree.size()) != static_cast<ssize_t>(tree.size())) {
        return host_error("cannot write the device tree to '" + path + "'", errno);
    }
    return ok();
}

void Session::start_machine() {
    if (characters_.await_peers()) {
        loop_.post(call_method<&Session::start_machine, Session>, this, kPeersNs);
    } else if (auto started = vm_->start(); !started) {
        fail(started.error());
    }
}

void Session::signalled() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCONT) {
            characters_.resume_terminal();
            continue;
        }
        const std::string sender = info.ssi_pid != 0 ? fmt::format(" from pid {}", info.ssi_pid) : "";
        say(fmt::format("terminating on signal {}{}", info.ssi_signo, sender));
        emit("SHUTDOWN", {{"guest", false}, {"reason", "host-signal"}});
        loop_.stop();
    }
}

Result<> Session::listen_for_debugger() {
    if (spec_.debugger) {
        gdbstub::Surroundings surroundings;
        surroundings.execute = [this](std::string_view line) { return monitor_.execute(line); };
        surroundings.quit = [this] { loop_.stop(); };
        debugger_ = KELVIN_TRY(gdbstub::Stub::create(*spec_.debugger, *vm_, loop_, std::move(surroundings)));
    }
    return ok();
}

Result<int> Session::run() {
    if (!spec_.dump_device_tree.empty()) {
        KELVIN_TRY(write_device_tree());
        return 0;
    }
    // Before anything is opened that a mistake would leave changed: files to write to, sockets to listen at.
    KELVIN_TRY(vm::check_machine(spec_));
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = open_signals();
    KELVIN_TRY(connect());
    serial_ = std::make_unique<SilenceWatch>(*line_);
    vm_ = KELVIN_TRY(vm::Vm::create(spec_, loop_, *serial_, characters_, *this));
    input_.emplace(loop_, vm_->input());
    for (const std::string& note : vm_->notes()) {
        say("note: " + note);
    }
    KELVIN_TRY(connect_monitors());
    KELVIN_TRY(host_.machine_ready());
    started_ = !spec_.start_paused;
    if (characters_.await_peers()) {
        say("note: the machine starts when somebody has connected to its sockets (wait=off starts it at once)");
        loop_.post(call_method<&Session::start_machine, Session>, this, kPeersNs);
    } else {
        KELVIN_TRY(vm_->start());
    }
    KELVIN_TRY(listen_for_debugger());
    if (!spec_.serial.empty() && spec_.architecture == vm::Architecture::aarch64) {
        silence_.emplace(loop_, *vm_, *serial_, say);
        silence_->begin();
    }
    loop_.watch(signals_.get(), call_method<&Session::signalled, Session>, this);
    loop_.run();
    if (const std::string words = vm_->closing_words(); !words.empty()) {
        say(words);
    }
    return failure_ ? Result<int>(*failure_) : Result<int>(0);
}

}  // namespace

Result<int> run_session(const vm::MachineSpec& spec, SessionHost& host) {
    return Session(spec, host).run();
}

}  // namespace kelvin::control
