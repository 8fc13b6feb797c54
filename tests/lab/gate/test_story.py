"""The story: an administrator's old access key works, is fenced by somebody else, and works again without the fence."""

from tests.lab.gate.enforcing import Enforcing, allow, document
from tests.lab.gate.refused import refused


def test_a_legacy_administrators_key_works_before_the_boundary_and_not_after(lab: Enforcing) -> None:
    # A user from long ago, with AdministratorAccess and an access key that nobody rotates.
    iam = lab.client("iam")
    legacy = lab.user("legacy-admin")
    iam.attach_user_policy(UserName="legacy-admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    theirs = lab.client("iam", legacy)
    theirs.create_user(UserName="before-the-fence")

    # Somebody who may do no more than fence attaches a boundary through the lab's own API.
    fence = iam.create_policy(PolicyName="fence", PolicyDocument=document(allow("s3:Get*")))["Policy"]["Arn"]
    warden = lab.user(
        "warden", allow(["iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary"])
    )
    lab.client("iam", warden).put_user_permissions_boundary(
        UserName="legacy-admin", PermissionsBoundary=fence
    )

    # The same key, the same policy: refused, and in AWS's words.
    code, message = refused(theirs.create_user, UserName="behind-the-fence")
    assert code == "AccessDenied"
    assert message.endswith("because no permissions boundary allows the iam:CreateUser action")

    # It cannot take the fence away itself; the warden can.
    assert refused(theirs.delete_user_permissions_boundary, UserName="legacy-admin")[0] == "AccessDenied"
    lab.client("iam", warden).delete_user_permissions_boundary(UserName="legacy-admin")
    theirs.create_user(UserName="after-the-fence")

    made = {user["UserName"] for user in iam.list_users()["Users"]}
    assert {"before-the-fence", "after-the-fence"} <= made
    assert "behind-the-fence" not in made
