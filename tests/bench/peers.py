"""The peers: Postfix, and Postfix with Dovecot, from Debian's packages, unpacked below build/peers.

They are never installed. Each runs in a mount namespace of its own in which the unpacked packages
lie over /usr (a read-only overlay) and its private folder is /srv, so that every path is the one
that Debian's programs expect; nobody outside sees it. That needs root. Their users are such as
every Debian has: daemon, nobody, mail, news.

Settings are the defaults of Debian's packages, durable ones all (Postfix and Dovecot sync each
message), without TLS, without chroot, addresses in a small table.
"""

import os
import pathlib
import poplib
import pwd
import shutil
import subprocess
import time

from systems import ACCOUNTS, System, free_port
from lib.server import DOMAIN

PACKAGES = ["postfix", "dovecot-core", "dovecot-lmtpd", "dovecot-pop3d",
            "dovecot-imapd"]
SECRET = "bench-only"
QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "private", "saved", "trace"]
ENTER = ('mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr && mount --bind "$2" /srv && '
         'shift 2 && exec "$@"')


class Absent(Exception):
    """Why there are no peers here."""


def _run(*words, cwd=None):
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        raise Absent(f"{' '.join(words[:3])} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def _download(folder):
    """The packages and those of their dependencies that this machine lacks."""
    plan = _run("apt-get", "-s", "--no-install-recommends", "install", *PACKAGES)
    missing = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    _run("apt-get", "-q", "download", *sorted({*PACKAGES, *missing}), cwd=folder)


def unpack(folder):
    """Makes folder/root with the peers' programs, once; the path of it."""
    if os.geteuid() != 0:
        raise Absent("the peers need root (a mount namespace, several users)")
    root, done = folder / "root", folder / "complete"
    if done.exists():
        return root
    shutil.rmtree(folder, ignore_errors=True)
    packages = folder / "packages"
    packages.mkdir(parents=True)
    try:
        _download(packages)
    except Absent:
        _run("apt-get", "-q", "update")
        _download(packages)
    for package in sorted(packages.glob("*.deb")):
        _run("dpkg-deb", "-x", str(package), str(root))
    for name in ("bin", "lib", "lib64", "sbin"):  # on a Debian of today these are links into /usr
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
    _run("unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh", str(root),
         str(folder), "/usr/sbin/postconf", "-d", "mail_version")
    done.touch()
    return root


class Postfix(System):
    """Postfix alone: its virtual(8) writes Maildirs."""

    name = "Postfix"
    transport = "virtual"

    def __init__(self, base, root):
        super().__init__(base)
        self.root = root
        self.base.chmod(0o755)
        self.smtp_port = free_port()
        mail = pwd.getpwnam("mail")
        self._folder("etc")
        self._folder("mail", mail.pw_uid, mail.pw_gid)
        self._folder("data", pwd.getpwnam("daemon").pw_uid)
        self._queue()
        self._settings(mail)

    def _folder(self, name, uid=0, gid=0, mode=0o755):
        path = self.base / name
        path.mkdir(parents=True)
        path.chmod(mode)
        os.chown(path, uid, gid)

    def _queue(self):
        owner, group = pwd.getpwnam("daemon").pw_uid, pwd.getpwnam("news").pw_gid
        self._folder("queue")
        self._folder("queue/pid")
        for name in QUEUES:
            self._folder("queue/" + name, owner, 0, 0o700)
        self._folder("queue/public", owner, group, 0o2710)
        self._folder("queue/maildrop", owner, group, 0o1730)

    def _settings(self, mail):
        etc = self.base / "etc"
        (etc / "recipients").write_text(
            "".join(f"user{i}@{DOMAIN} user{i}/\n" for i in range(ACCOUNTS)))
        (etc / "main.cf").write_text(f"""\
compatibility_level = 3.6
queue_directory = /srv/queue
data_directory = /srv/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /srv/etc
mail_owner = daemon
setgid_group = news
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = /srv/mail
virtual_mailbox_maps = texthash:/srv/etc/recipients
virtual_minimum_uid = 1
virtual_uid_maps = static:{mail.pw_uid}
virtual_gid_maps = static:{mail.pw_gid}
virtual_transport = {self.transport}
""")
        services = [f"127.0.0.1:{self.smtp_port} inet n - n - - smtpd",
                    "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup",
                    "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
                    "flush unix n - n 1000? 0 flush", "proxywrite unix - - n - 1 proxymap",
                    "virtual unix - n n - - virtual", "anvil unix - - n - 1 anvil",
                    "scache unix - - n - 1 scache", "showq unix n - n - - showq"]
        services += [f"{name} unix - - n - 0 bounce" for name in ("bounce", "defer", "trace")]
        services += [f"{name} unix - - n - - {name.replace('relay', 'smtp')}" for name in
                     ("proxymap", "smtp", "relay", "error", "discard", "lmtp")]
        services.append("retry unix - - n - - error")
        (etc / "master.cf").write_text("".join(line + "\n" for line in services))
        for path in etc.iterdir():  # Postfix waits until its settings are two seconds old
            os.utime(path, (time.time() - 60, time.time() - 60))

    def enter(self, *words):
        """Starts a program inside the namespace."""
        with open(self.base / "output", "ab") as output:
            self.processes.append(subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh",
                 str(self.root), str(self.base), *words],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True))

    def launch(self):
        self.enter("/usr/lib/postfix/sbin/master", "-c", "/srv/etc")

    def explain_stall(self):
        """How many letters are in which queue, and the first reason of a deferral."""
        queue = self.base / "queue"
        counts = {name: sum(path.is_file() for path in (queue / name).rglob("*"))
                  for name in ("maildrop", "incoming", "active", "deferred", "corrupt")}
        reasons = [line for path in sorted((queue / "defer").rglob("*")) if path.is_file()
                   for line in path.read_text(errors="replace").splitlines()
                   if line.startswith("reason=")]
        return ", ".join([f"{count} {name}" for name, count in counts.items()] + reasons[:1])

    def mail(self):
        return self.base / "mail"

    def visible(self):
        count = 0
        for number in range(ACCOUNTS):
            for folder in ("new", "cur"):
                path = self.mail() / f"user{number}" / folder
                count += len(os.listdir(path)) if path.is_dir() else 0
        return count


class PostfixRelay(Postfix):
    """Postfix that takes mail from here and sends all of it to the sink."""

    def __init__(self, base, root, sink):
        super().__init__(base, root)
        with (self.base / "etc/main.cf").open("a") as settings:
            settings.write(f"virtual_mailbox_domains =\nrelayhost = [127.0.0.1]:{sink.port}\n")
        for path in (self.base / "etc").iterdir():
            os.utime(path, (time.time() - 60, time.time() - 60))


class PostfixDovecot(Postfix):
    """Postfix hands to Dovecot by LMTP; Dovecot keeps sdbox."""

    name = "Postfix + Dovecot"
    transport = "lmtp:unix:private/dovecot-lmtp"

    def __init__(self, base, root):
        super().__init__(base, root)
        self.pop3_port = free_port()
        self.imap_port = free_port()
        self._folder("dovecot")
        (self.base / "etc/dovecot.conf").write_text(f"""\
base_dir = /srv/dovecot/run
state_dir = /srv/dovecot
log_path = /srv/dovecot/log
protocols = lmtp pop3 imap
mail_max_userip_connections = 10000
default_client_limit = 10000
default_process_limit = 5000
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = daemon
default_internal_group = daemon
default_login_user = nobody
first_valid_uid = 1
mail_uid = mail
mail_gid = mail
mail_location = sdbox:/srv/mail/%n
auth_username_format = %n
passdb {{
  driver = static
  args = password={SECRET}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home=/srv/mail/%n allow_all_users=yes
}}
service lmtp {{
  unix_listener /srv/queue/private/dovecot-lmtp {{
    mode = 0600
    user = daemon
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")

    def launch(self):
        self.enter("/usr/sbin/dovecot", "-F", "-c", "/srv/etc/dovecot.conf")
        # Postfix would put letters off for minutes if there were nobody at the socket.
        until = time.monotonic() + 10
        while not (self.base / "queue/private/dovecot-lmtp").exists():
            if time.monotonic() > until:
                raise RuntimeError(f"Dovecot did not start; see {self.base}")
            time.sleep(0.0005)
        super().launch()

    def visible(self):
        """A message is in the mailbox when its file has its last name: u.UID."""
        count = 0
        for number in range(ACCOUNTS):
            path = pathlib.Path(self.mail(), f"user{number}", "mailboxes/INBOX/dbox-Mails")
            if path.is_dir():
                count += sum(1 for name in os.listdir(path) if name.startswith("u."))
        return count

    def credentials(self, number):
        return f"user{number % ACCOUNTS}", SECRET

    def login(self, number):
        session = poplib.POP3("127.0.0.1", self.pop3_port, 60)
        session.user(f"user{number % ACCOUNTS}")
        session.pass_(SECRET)
        return session

    def in_the_index(self):
        """What Dovecot itself says, by POP3: the same number."""
        count = 0
        for number in range(ACCOUNTS):
            session = self.login(number)
            count += session.stat()[0]
            session.quit()
        return count
