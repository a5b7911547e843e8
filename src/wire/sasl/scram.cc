#include "wire/sasl/scram.h"

#include <optional>

#include "base/codec.h"
#include "base/text.h"

namespace posta::wire::sasl {

namespace {

// One message, attribute by attribute.
class Attributes {
 public:
  explicit Attributes(std::string_view message) : message_(message) {}

  Failure malformed(std::string_view what) const {
    return fail(Error::Kind::syntax, "a SCRAM message: " + std::string(what), at_);
  }
  std::size_t at() const { return at_; }
  std::string_view rest() const { return message_.substr(at_); }
  bool at_end() const { return at_ == message_.size(); }

  // Up to the next comma or the end, without it. A comma that ends it is passed.
  std::string_view word() {
    std::size_t end = std::min(message_.find(',', at_), message_.size());
    std::string_view out = message_.substr(at_, end - at_);
    at_ = end;
    return out;
  }
  bool comma() {
    if (at_ == message_.size() || message_[at_] != ',') return false;
    ++at_;
    return true;
  }
  // attr-val: the letter, "=", the value.
  Result<std::string_view> value(char letter) {
    std::string_view text = message_.substr(at_);
    // RFC 5802 §5.1: "its presence in a client or a server message MUST cause authentication
    // failure when the attribute is parsed by the other end."
    if (text.starts_with("m=")) return malformed("a mandatory extension that is not known");
    if (text.size() < 2 || text[0] != letter || text[1] != '=')
      return malformed(std::string("no ") + letter + "=");
    return word().substr(2);
  }
  // extensions = attr-val *("," attr-val), up to `end` of the message.
  Result<std::string> extensions() {
    std::size_t begin = at_;
    while (comma()) {
      std::string_view text = rest();
      if (text.starts_with("m=")) return malformed("a mandatory extension that is not known");
      if (text.size() < 3 || !is_alpha(text[0]) || text[1] != '=' || text[2] == ',')
        return malformed("no extension");
      if (word().find('\0') != std::string_view::npos) return malformed("a NUL");
    }
    return std::string(message_.substr(begin, at_ - begin));
  }

 private:
  std::string_view message_;
  std::size_t at_ = 0;
};

// saslname = 1*(value-safe-char / "=2C" / "=3D"), undone.
std::optional<std::string> undo_name(std::string_view text) {
  std::string out;
  if (text.empty() || !is_utf8(text) || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
      continue;
    }
    // RFC 5802 §5.1: "If the server receives a username that contains '=' not followed by either
    // '2C' or '3D', then the server MUST fail the authentication."
    std::string_view code = text.substr(i, 3);
    if (code != "=2C" && code != "=3D") return std::nullopt;
    out += code == "=2C" ? ',' : '=';
    i += 2;
  }
  return out;
}

std::string print_name(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

// c-nonce = printable: %x21-2B / %x2D-7E.
bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= kNonceOctetsMax &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != ','; });
}

// cb-name = 1*(ALPHA / DIGIT / "." / "-")
bool is_binding_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-';
  });
}

Result<std::string> take_nonce(Attributes& in) {
  TRY(std::string_view text, in.value('r'));
  if (!is_nonce(text)) return in.malformed("a nonce that is not printable, or too long");
  return std::string(text);
}

Result<std::string> take_base64(Attributes& in, char letter) {
  TRY(std::string_view text, in.value(letter));
  auto octets = base64_decode(text);
  if (!octets || octets->empty()) return in.malformed(std::string("no base64 in ") + letter + "=");
  return *std::move(octets);
}

std::string exclusive_or(std::string_view a, std::string_view b) {
  std::string out(a);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ b[i]);
  return out;
}

}  // namespace

Result<ClientFirst> parse_client_first(std::string_view message) {
  using Flag = ClientFirst::Flag;
  Attributes in(message);
  if (message.size() > kScramOctetsMax) return in.malformed("too long");
  ClientFirst out;
  std::string_view flag = in.word();
  if (flag.starts_with("p=")) {
    out.flag = Flag::bound;
    out.binding = flag.substr(2);
    if (!is_binding_name(out.binding)) return in.malformed("no name of a channel binding");
  } else if (flag == "y" || flag == "n") {
    out.flag = flag == "y" ? Flag::unannounced : Flag::no;
  } else {
    return in.malformed("no flag n, y or p=");
  }
  if (!in.comma()) return in.malformed("no gs2-header");
  if (!in.rest().starts_with(",")) {
    TRY(std::string_view text, in.value('a'));
    auto name = undo_name(text);
    if (!name) return in.malformed("no authorization identity");
    out.authzid = *std::move(name);
  }
  if (!in.comma()) return in.malformed("no gs2-header");
  TRY(std::string_view text, in.value('n'));
  auto user = undo_name(text);
  if (!user || user->size() > 1024) return in.malformed("no user name");
  out.user = *std::move(user);
  if (!in.comma()) return in.malformed("no nonce");
  TRY(out.nonce, take_nonce(in));
  TRY(out.extensions, in.extensions());
  return out;
}

Result<ServerFirst> parse_server_first(std::string_view message) {
  Attributes in(message);
  if (message.size() > kScramOctetsMax) return in.malformed("too long");
  ServerFirst out;
  TRY(out.nonce, take_nonce(in));
  if (!in.comma()) return in.malformed("no salt");
  TRY(out.salt, take_base64(in, 's'));
  if (out.salt.size() > kSaltOctetsMax) return in.malformed("a salt too long");
  if (!in.comma()) return in.malformed("no iteration count");
  TRY(std::string_view text, in.value('i'));
  // posit-number = %x31-39 *DIGIT
  auto count = to_number<std::uint32_t>(text);
  if (!count || text[0] == '0') return in.malformed("no iteration count");
  out.iterations = *count;
  TRY(out.extensions, in.extensions());
  return out;
}

Result<ClientFinal> parse_client_final(std::string_view message) {
  Attributes in(message);
  if (message.size() > kScramOctetsMax) return in.malformed("too long");
  // The proof comes last; what stands before it is what it proves.
  std::size_t proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return in.malformed("no proof");
  Attributes before(message.substr(0, proof_at));
  ClientFinal out;
  TRY(out.binding, take_base64(before, 'c'));
  if (!before.comma()) return before.malformed("no nonce");
  TRY(out.nonce, take_nonce(before));
  TRY(out.extensions, before.extensions());
  if (!before.at_end()) return before.malformed("octets left over");
  Attributes proof(message.substr(proof_at + 1));
  TRY(out.proof, take_base64(proof, 'p'));
  if (!proof.at_end()) return proof.malformed("the proof is not the last");
  return out;
}

Result<ServerFinal> parse_server_final(std::string_view message) {
  Attributes in(message);
  if (message.size() > kScramOctetsMax) return in.malformed("too long");
  ServerFinal out;
  if (message.starts_with("e=")) {
    TRY(std::string_view text, in.value('e'));
    if (text.empty() || text.find('\0') != std::string_view::npos) return in.malformed("no error");
    out.error = text;
  } else {
    TRY(out.signature, take_base64(in, 'v'));
  }
  TRY(out.extensions, in.extensions());
  return out;
}

std::string ClientFirst::header() const {
  std::string out = flag == Flag::bound ? "p=" + binding : flag == Flag::no ? "n" : "y";
  out += ',';
  if (!authzid.empty()) out += "a=" + print_name(authzid);
  return out + ',';
}

std::string ClientFirst::bare() const {
  return "n=" + print_name(user) + ",r=" + nonce + extensions;
}

std::string ClientFinal::without_proof() const {
  return "c=" + base64_encode(binding) + ",r=" + nonce + extensions;
}

std::string print(const ClientFirst& message) {
  return message.header() + message.bare();
}

std::string print(const ServerFirst& message) {
  return "r=" + message.nonce + ",s=" + base64_encode(message.salt) +
         ",i=" + std::to_string(message.iterations) + message.extensions;
}

std::string print(const ClientFinal& message) {
  return message.without_proof() + ",p=" + base64_encode(message.proof);
}

std::string print(const ServerFinal& message) {
  if (!message.error.empty()) return "e=" + message.error + message.extensions;
  return "v=" + base64_encode(message.signature) + message.extensions;
}

// --- arithmetic

ScramKeys scram_keys(Hash hash, std::string_view salted) {
  return {digest(hash, hmac(hash, salted, "Client Key")), hmac(hash, salted, "Server Key")};
}

std::string client_proof(Hash hash, std::string_view salted, std::string_view auth_message) {
  std::string client_key = hmac(hash, salted, "Client Key");
  return exclusive_or(client_key, hmac(hash, digest(hash, client_key), auth_message));
}

bool proves(Hash hash, const ScramKeys& keys, std::string_view auth_message,
            std::string_view proof) {
  if (proof.size() != octets_of(hash)) return false;
  std::string client_key = exclusive_or(proof, hmac(hash, keys.stored, auth_message));
  return equal_in_constant_time(digest(hash, client_key), keys.stored);
}

std::string server_signature(Hash hash, const ScramKeys& keys, std::string_view auth_message) {
  return hmac(hash, keys.server, auth_message);
}

}  // namespace posta::wire::sasl
