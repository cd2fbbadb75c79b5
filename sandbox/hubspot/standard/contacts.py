"""The standard properties of contacts: `name | label | type/fieldType | flags | options`.

A `[group] label` line opens a property group. Flags: `r` read-only value, `c` calculated,
`h` hidden, `u` unique value, `x` external options, `f` usable in forms. Options are
`@name` of a list in `options.py`; the field type `equation` means `calculation_equation`.
"""

from __future__ import annotations

from sandbox.hubspot.standard.options import LIFECYCLE_DATES

CONTACTS = f"""
[contactinformation] Contact information
email | Email | string/text | uf
firstname | First Name | string/text | f
lastname | Last Name | string/text | f
salutation | Salutation | string/text | f
phone | Phone Number | string/phonenumber | f
mobilephone | Mobile Phone Number | string/phonenumber | f
fax | Fax Number | string/text | f
hs_whatsapp_phone_number | WhatsApp Phone Number | string/phonenumber
address | Street Address | string/text | f
city | City | string/text | f
state | State/Region | string/text | f
zip | Postal Code | string/text | f
country | Country/Region | string/text | f
hs_country_region_code | Country/Region Code | string/text
hs_state_code | State/Region Code | string/text
company | Company Name | string/text | f
website | Website URL | string/text | f
jobtitle | Job Title | string/text | f
job_function | Job function | string/text | f
hs_role | Employment Role | enumeration/select | | @role
hs_seniority | Employment Seniority | enumeration/select | | @seniority
seniority | Seniority | string/text | f
industry | Industry | string/text | f
annualrevenue | Annual Revenue | string/text | f
numemployees | Number of Employees | enumeration/select | f | @numemployees
degree | Degree | string/text | f
field_of_study | Field of study | string/text | f
school | School | string/text | f
graduation_date | Graduation date | string/text | f
start_date | Start date | string/text | f
gender | Gender | string/text | f
date_of_birth | Date of birth | string/text | f
marital_status | Marital Status | string/text | f
relationship_status | Relationship Status | string/text | f
military_status | Military status | string/text | f
work_email | Work email | string/text | f
message | Message | string/textarea | f
hs_language | Preferred language | enumeration/select | f | @language
hs_timezone | Time Zone | enumeration/select | | @timezone
hs_linkedin_url | LinkedIn URL | string/text
hs_persona | Persona | enumeration/radio | f
lifecyclestage | Lifecycle Stage | enumeration/radio | f | @lifecyclestage
hs_lead_status | Lead Status | enumeration/radio | f | @lead_status
hs_buying_role | Buying Role | enumeration/checkbox | | @buying_role
hubspot_owner_id | Contact owner | enumeration/select | x
hubspot_owner_assigneddate | Owner assigned date | datetime/date | r
hubspot_team_id | HubSpot Team | enumeration/select | rx
hs_all_owner_ids | All Owner IDs | enumeration/checkbox | rhx
associatedcompanyid | Primary Associated Company ID | number/number | h
closedate | Close Date | datetime/date | f
createdate | Create Date | datetime/date | r
hs_createdate | Object create date/time | datetime/date | rh
lastmodifieddate | Last Modified Date | datetime/date | r
hs_object_id | Record ID | number/number | ru
hs_object_source | Record creation source | string/text | rh
hs_object_source_id | Record creation source ID | string/text | rh
hs_object_source_label | Record source | enumeration/select | r | @object_source
hs_object_source_user_id | Record creation source user ID | number/number | rh
hs_object_source_detail_1 | Record source detail 1 | string/text | r
hs_created_by_user_id | Created by user ID | number/number | r
hs_updated_by_user_id | Updated by user ID | number/number | r
hs_additional_emails | Additional email addresses | enumeration/checkbox | x
hs_merged_object_ids | Merged record IDs | enumeration/checkbox | rx
hs_calculated_merged_vids | Merged vids with timestamps | enumeration/text | rcx
hs_all_contact_vids | All vids for a contact | enumeration/checkbox | rhx
hs_email_domain | Email Domain | string/text | r
hs_full_name_or_email | Full name or email | string/equation | rc
hs_is_contact | Is a contact | bool/equation | rch
hs_is_unworked | Contact unworked | bool/equation | rc
hs_pipeline | Pipeline | enumeration/select | rh | @contacts_pipeline
hs_marketable_status | Marketing contact status | enumeration/select | rx | @marketable
hs_legal_basis | Legal basis for processing contact's data | enumeration/checkbox | | @legal_basis
hs_was_imported | Record was imported | bool/booleancheckbox | rh | @yes_no
num_associated_deals | Number of Associated Deals | number/number | rc
first_deal_created_date | First Deal Created Date | datetime/date | rc
recent_deal_amount | Recent Deal Amount | number/number | rc
recent_deal_close_date | Recent Deal Close Date | datetime/date | rc
total_revenue | Total Revenue | number/number | rc
days_to_close | Days To Close | number/number | rc
hubspotscore | HubSpot Score | number/number | rc
{LIFECYCLE_DATES}
[emailinformation] Email information
hs_email_optout | Unsubscribed from all email | bool/booleancheckbox | r | @yes_no
hs_email_bounce | Marketing emails bounced | number/number | r
hs_email_delivered | Marketing emails delivered | number/number | r
hs_email_open | Marketing emails opened | number/number | r
hs_email_click | Marketing emails clicked | number/number | r
hs_email_last_send_date | Last marketing email send date | datetime/date | r
hs_email_quarantined | Email address quarantined | bool/booleancheckbox | r | @yes_no
hs_email_hard_bounce_reason_enum | Hard bounce reason | enumeration/select | r | @bounce_reason
currentlyinworkflow | Currently in workflow | enumeration/booleancheckbox | r | @true_false
[analyticsinformation] Web analytics history
hs_analytics_source | Original Traffic Source | enumeration/select | | @analytics_source
hs_analytics_source_data_1 | Original Traffic Source Drill-Down 1 | string/text | r
hs_analytics_source_data_2 | Original Traffic Source Drill-Down 2 | string/text | r
hs_latest_source | Latest Traffic Source | enumeration/select | r | @analytics_source
hs_analytics_first_timestamp | Time First Seen | datetime/date | r
hs_analytics_last_timestamp | Time Last Seen | datetime/date | r
hs_analytics_num_visits | Number of Sessions | number/number | r
hs_analytics_num_page_views | Number of Pageviews | number/number | r
[conversioninformation] Conversion information
first_conversion_event_name | First Conversion | string/text | r
first_conversion_date | First Conversion Date | datetime/date | r
recent_conversion_event_name | Recent Conversion | string/text | r
recent_conversion_date | Recent Conversion Date | datetime/date | r
num_conversion_events | Number of Form Submissions | number/number | r
[contactactivity] Contact activity
notes_last_contacted | Last Contacted | datetime/date | r
notes_last_updated | Last Activity Date | datetime/date | r
notes_next_activity_date | Next Activity Date | datetime/date | r
num_contacted_notes | Number of times contacted | number/number | r
num_notes | Number of Sales Activities | number/number | r
hs_last_sales_activity_timestamp | Last Engagement Date | datetime/date | r
hs_sequences_is_enrolled | Currently in Sequence | bool/booleancheckbox | rc | @yes_no
[socialmediainformation] Social media information
twitterhandle | Twitter Username | string/text | f
linkedinbio | LinkedIn Bio | string/text | h
followercount | Follower Count | number/number
"""
